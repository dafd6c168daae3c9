"""Rows of each kind, as databases of earlier versions had them."""

import json
from datetime import timedelta
from typing import Any

from django.apps.registry import Apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

BOX: dict[str, Any] = {"x": 1.0, "y": 1.0, "width": 9.0, "height": 9.0, "landmarks": [[2, 2]] * 5}
READING: dict[str, Any] = {
    "detection_score": 0.9, "emotion": "sad", "confidence": 0.75, "uncertain": False,
    "p_angry": 0.25, "p_disgust": 0, "p_fear": 0, "p_happy": 0, "p_sad": 0.75, "p_surprise": 0,
    "p_neutral": 0,
}  # fmt: skip
REFUSED = [{"filename": "a.txt", "error": {"code": "x", "message": "X.", "details": {}}}]


class Rows:
    """Makes rows by the models of one earlier version."""

    def __init__(self, apps: Apps) -> None:
        self.apps = apps
        self.now = timezone.now()

    def make(self, name: str, /, **values: Any) -> Any:
        return self.of(name).create(**values)

    def of(self, name: str) -> models.Manager[Any]:
        return self.apps.get_model("detector", name)._default_manager

    def empty_tables(self) -> list[str]:
        found = self.apps.get_app_config("detector").get_models()
        return [model.__name__ for model in found if not model._default_manager.exists()]


def of_0010(apps: Apps) -> None:
    """Insert accounts, photos with results, statistics, tokens, webhooks and kept answers."""
    rows = Rows(apps)
    owner = rows.make("User", username="owner", email="owner@example.org", theme="dark")
    version = rows.make("ModelVersion", name="v1", sha256="1" * 64, status="active")
    image = default_storage.save("images/old.jpg", ContentFile(b"a picture"))
    photo = rows.make(
        "Photo", owner=owner, filename="old.jpg", image=image, sha256="2" * 64, width=64, height=48,
        format="jpeg", uploaded_at=rows.now, taken_at=rows.now, source="web", felt_emotion="sad",
    )  # fmt: skip
    analysis = rows.make(
        "Analysis", photo=photo, owner=owner, model_version=version, status="done", attempt=1,
        queued_at=rows.now, due_at=rows.now, finished_at=rows.now, best_confidence=0.75,
    )  # fmt: skip
    face = rows.make("Face", analysis=analysis, index=0, **BOX, **READING)
    rows.make("Explanation", face=face, requested_at=rows.now)
    rows.make("PhotoTag", photo=photo, name="holiday")
    counted = {"owner": owner, "model_version": version}
    rows.make("DailyPhotos", **counted, day=rows.now.date(), photos=1, without_face=0)
    rows.make(
        "DailyEmotion", **counted, day=rows.now.date(), emotion="sad", faces=1, uncertain=0,
        confidence_sum=0.75,
    )  # fmt: skip
    rows.make("HourlyEmotion", **counted, weekday=0, hour=1, emotion="sad", faces=1)
    rows.make("ApiToken", digest="3" * 128, token_key="4" * 25, user=owner, name="script")
    rows.make("WorkerHeartbeat", name="worker", seen_at=rows.now)
    endpoint = rows.make("WebhookEndpoint", owner=owner, url="https://example.org/", events=[])
    rows.make(
        "WebhookDelivery", endpoint=endpoint, event="analysis.done", subject=analysis.pk,
        payload="{}", created_at=rows.now, due_at=rows.now,
    )  # fmt: skip
    done = {"accepted": [{"id": str(analysis.pk), "emotion": "sad"}], "rejected": REFUSED}
    wrong = {"error": {"code": "x", "message": "X.", "details": {"rejected": REFUSED}}}
    for key, answer in (("done", done), ("wrong", wrong)):
        rows.make(
            "IdempotentCall", owner=owner, key=key, request_sha256="5" * 64, status=202,
            answer=json.dumps(answer), created_at=rows.now, claimed_at=rows.now,
        )  # fmt: skip
    assert rows.empty_tables() == []


def of_0015(apps: Apps) -> None:
    """Insert reviews, campaigns, data sets of reviewed faces, and audit entries."""
    rows = Rows(apps)
    owner, version = rows.of("User").get(), rows.of("ModelVersion").get()
    face = rows.of("Face").get()
    rows.make("Review", face=face, reviewer=owner, kind="owner", verdict="neutral",
              created_at=rows.now)  # fmt: skip
    rows.of("Face").update(reviewed_emotion="neutral")
    case = rows.make("ReviewCase", face=face, wanted=2, usefulness=0.5, created_at=rows.now,
                     claimed_by=owner, claimed_until=rows.now + timedelta(hours=1))  # fmt: skip
    case.skipped_by.add(owner)
    campaign = rows.make("Reanalysis", model_version=version, photos=1, started_by=owner)
    rows.of("Analysis").update(reanalysis=campaign)
    rows.make("ReviewedExport", name="faces", path="faces.npz", sha256="6" * 64, faces=1)
    rows.make("AuditEntry", actor=owner, actor_name="owner", action="photo.erased")
    assert rows.empty_tables() == []


def of_0022(apps: Apps) -> None:
    """Insert fine-tunes, and faces of versions in the shadow."""
    rows = Rows(apps)
    base = rows.of("ModelVersion").get()
    rows.make("FineTune", name="v2", base=base, reviewed=rows.of("ReviewedExport").get())
    rows.make("ShadowFace", face=rows.of("Face").get(), model_version=base, emotion="sad",
              confidence=0.5)  # fmt: skip
    assert rows.empty_tables() == []
