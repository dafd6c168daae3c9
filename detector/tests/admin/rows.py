"""Panels of the administration, and rows for all of them."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils import timezone

from detector.common import audit
from detector.enums import FineTuneStatus, ReanalysisStatus
from detector.insights import rollups
from detector.models import ApiToken, FineTune, Reanalysis, ReviewedExport, WorkerHeartbeat
from detector.tests.factories import (
    FaceFactory,
    LiveSessionFactory,
    ModelVersionFactory,
    UserFactory,
    VideoFactory,
    WebhookDeliveryFactory,
    with_timeline,
)

admin.autodiscover()
OURS = [
    str(model._meta.model_name)
    for model in admin.site._registry
    if model._meta.app_label == "detector"
]


def one_of_each() -> None:
    """Add a row to every list, with its own owner and models."""
    owner = UserFactory.create()
    old, new = (ModelVersionFactory.create(name=f"{owner}-{age}") for age in ("old", "new"))
    face = FaceFactory.create(analysis__photo__owner=owner, analysis__model_version=old)
    with_timeline(VideoFactory.create(owner=owner, model_version=old))
    LiveSessionFactory.create(owner=owner)
    WebhookDeliveryFactory.create(endpoint__owner=owner)
    ApiToken.objects.create(owner, name="a token")
    audit.record(owner, "photo.erased", face)
    rollups.rebuild(owner)
    WorkerHeartbeat.objects.create(name=owner.username, seen_at=timezone.now())
    Reanalysis.objects.create(
        model_version=new, from_version=old, owner=owner, photos=4, started_by=owner,
        status=ReanalysisStatus.CANCELLED, finished_at=timezone.now(),
    )  # fmt: skip
    reviewed = ReviewedExport.objects.create(
        name="a set", sha256="0" * 64, faces=1, created_by=owner
    )
    FineTune.objects.create(
        name=owner.username, base=old, reviewed=reviewed, result=new, status=FineTuneStatus.DONE,
        started_by=owner,
    )  # fmt: skip
    Group.objects.create(name=owner.username)
