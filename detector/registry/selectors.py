"""Queries of model versions."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from detector.enums import ModelStatus, Status
from detector.models import Analysis, ModelVersion, ShadowFace


def active_model() -> ModelVersion | None:
    """Return the active version; None before the first worker has started."""
    return ModelVersion.objects.filter(status=ModelStatus.ACTIVE).first()


def active_key() -> tuple[UUID, str] | None:
    """Return id and checksum of the active version. Written out, since each photo asks for it."""
    statement = "SELECT id, sha256 FROM detector_modelversion WHERE status = %s"
    with connection.cursor() as cursor:
        cursor.execute(statement, [ModelStatus.ACTIVE.value])
        found = cursor.fetchone()
    return (UUID(str(found[0])), found[1]) if found else None


def previous_model() -> ModelVersion | None:
    """Return the version that was active before the present one, for a roll-back."""
    served = ModelVersion.objects.exclude(status=ModelStatus.ACTIVE)
    return served.filter(activated_at__isnull=False).order_by("-activated_at").first()


def others_than(version: ModelVersion) -> QuerySet[ModelVersion]:
    """Return all other versions, the newest first."""
    return ModelVersion.objects.exclude(pk=version.pk).order_by("-created_at", "-id")


def models_in_shadow() -> list[ModelVersion]:
    """Return the versions that score live photos in the shadow."""
    return list(ModelVersion.objects.filter(in_shadow=True).order_by("id"))


def is_for_the_shadow(analysis_id: UUID) -> bool:
    """Return whether an analysis has faces for a version in the shadow to score."""
    done = Analysis.objects.filter(
        pk=analysis_id, status=Status.DONE, faces__isnull=False, photo__forgotten_at=None
    )
    return ModelVersion.objects.filter(in_shadow=True).exists() and done.exists()


@dataclass(frozen=True)
class ShadowAgreement:
    """How often a version in the shadow agrees with the active one: `same` of `faces`."""

    faces: int
    same: int


def shadow_agreement(version: ModelVersion) -> ShadowAgreement:
    """Return the agreement of a version in the shadow on all faces that it scored."""
    counts = ShadowFace.objects.filter(model_version=version).aggregate(
        faces=Count("pk"), same=Count("pk", filter=Q(emotion=F("face__emotion")))
    )
    return ShadowAgreement(counts["faces"], counts["same"])


def model_versions() -> QuerySet[ModelVersion]:
    """Return all model versions, the newest first."""
    return ModelVersion.objects.order_by("-id")
