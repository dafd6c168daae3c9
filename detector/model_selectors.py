"""Reads of model versions: which one serves, and what is known of them."""

from detector.enums import ModelStatus
from detector.models import ModelVersion


def active_model() -> ModelVersion | None:
    """The version that serves; none before the first worker has started."""
    return ModelVersion.objects.filter(status=ModelStatus.ACTIVE).first()


def previous_model() -> ModelVersion | None:
    """The version that served before the present one: where a roll-back leads."""
    served = ModelVersion.objects.exclude(status=ModelStatus.ACTIVE)
    return served.filter(activated_at__isnull=False).order_by("-activated_at").first()


def models_in_shadow() -> list[ModelVersion]:
    """The versions that score live photos without showing it."""
    return list(ModelVersion.objects.filter(in_shadow=True).order_by("id"))
