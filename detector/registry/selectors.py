"""Reads of model versions: which one serves, and what is known of them."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from detector.enums import ModelStatus, Status
from detector.models import Analysis, ModelVersion, ShadowFace


def active_model() -> ModelVersion | None:
    """The version that serves; none before the first worker has started."""
    return ModelVersion.objects.filter(status=ModelStatus.ACTIVE).first()


def previous_model() -> ModelVersion | None:
    """The version that served before the present one: where a roll-back leads."""
    served = ModelVersion.objects.exclude(status=ModelStatus.ACTIVE)
    return served.filter(activated_at__isnull=False).order_by("-activated_at").first()


def others_than(version: ModelVersion) -> QuerySet[ModelVersion]:
    """Every other version, the newest first."""
    return ModelVersion.objects.exclude(pk=version.pk).order_by("-created_at", "-id")


def models_in_shadow() -> list[ModelVersion]:
    """The versions that score live photos without showing it."""
    return list(ModelVersion.objects.filter(in_shadow=True).order_by("id"))


def is_for_the_shadow(analysis_id: UUID) -> bool:
    """Whether a version in the shadow should judge the faces of this analysis."""
    done = Analysis.objects.filter(pk=analysis_id, status=Status.DONE, faces__isnull=False)
    return ModelVersion.objects.filter(in_shadow=True).exists() and done.exists()


@dataclass(frozen=True)
class ShadowAgreement:
    """On how many faces a version in the shadow says what was shown."""

    faces: int
    same: int


def shadow_agreement(version: ModelVersion) -> ShadowAgreement:
    """Agreement with the versions that were shown, on all faces that it judged."""
    counts = ShadowFace.objects.filter(model_version=version).aggregate(
        faces=Count("pk"), same=Count("pk", filter=Q(emotion=F("face__emotion")))
    )
    return ShadowAgreement(counts["faces"], counts["same"])


def model_versions() -> QuerySet[ModelVersion]:
    """The networks that have answered here, the newest first."""
    return ModelVersion.objects.order_by("-id")
