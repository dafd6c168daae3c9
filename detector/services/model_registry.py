"""Which network answers, and the rows that record it."""

from django.conf import settings
from django.db import IntegrityError, transaction

from detector.enums import ModelStatus
from detector.models import ModelVersion
from ml import inference


def analyser() -> inference.Analyser:
    """The network that answers now, loaded on first use and kept for the process."""
    return inference.load(settings.MODEL_VERSION)


def warm_up() -> None:
    """Load detector and network and run them once, so that the first photo does not wait."""
    inference.warm_up(settings.MODEL_VERSION)
    register(analyser())


def register(active: inference.Analyser) -> ModelVersion:
    """The row of the network that answers, made where it is missing.

    A new version takes the place of the active one: the environment chose it.
    """
    version, _ = ModelVersion.objects.get_or_create(
        name=active.version, sha256=active.sha256, defaults={"manifest": active.manifest}
    )
    if version.status != ModelStatus.ACTIVE:
        _activate(version)
    return version


def _activate(version: ModelVersion) -> None:
    try:
        with transaction.atomic():
            ModelVersion.objects.filter(status=ModelStatus.ACTIVE).update(
                status=ModelStatus.RETIRED
            )
            version.status = ModelStatus.ACTIVE
            version.save(update_fields=["status"])
    except IntegrityError:
        # Another worker activates it at this moment.
        version.refresh_from_db()
