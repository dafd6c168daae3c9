"""Fill a system with rows of many kinds, and look at what it has."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.core.management import call_command

from detector.accounts import tokens
from detector.analyses import explanations, heat_maps
from detector.common import audit, clock
from detector.enums import Emotion, Event, ReviewKind
from detector.models import Analysis, Photo, Review, ReviewCase, ShadowFace, User
from detector.photos import annotations
from detector.tests.factories import ModelVersionFactory, WebhookDeliveryFactory


def fill(case: ReviewCase, analysed: Analysis, owner: User, reviewer: User) -> None:
    tokens.create_token(owner, name="script")
    WebhookDeliveryFactory.create(
        endpoint__owner=owner, photo=analysed.photo, event=Event.ANALYSIS_DONE, payload='{"a": "ü"}'
    )
    annotations.annotate(analysed.photo, note="At the läke", tags=["sea"], felt_emotion=Emotion.SAD)
    case.skipped_by.add(owner)
    Review.objects.create(
        face=analysed.faces.get(), reviewer=reviewer, kind=ReviewKind.REVIEWER, verdict="sad",
        comment="ü", seconds=0.1 + 0.2, created_at=clock.now(),
    )  # fmt: skip
    heat_maps.draw(explanations.request(analysed.faces.get()).pk)
    ShadowFace.objects.create(
        face=analysed.faces.get(), model_version=ModelVersionFactory.create(name="dark"),
        emotion="sad", confidence=1 / 3,
    )  # fmt: skip
    audit.record(owner, "photo.viewed", analysed.photo, why=None, deep={"a": [1, 2.5]})
    LogEntry.objects.create(
        user=owner, content_type=ContentType.objects.get_for_model(Photo), action_flag=1,
        object_id="1", object_repr="x",
    )  # fmt: skip
    assert reviewer.has_perm("detector.review_faces")


def stored() -> dict[str, bytes]:
    names = Photo.objects.values_list("image", "thumbnail", "upload")
    return {name: content_of(name) for row in names for name in row if name}


def content_of(name: str) -> bytes:
    with default_storage.open(name) as file:
        return bytes(file.read())


def run(*arguments: Any) -> None:
    call_command(*map(str, arguments))
