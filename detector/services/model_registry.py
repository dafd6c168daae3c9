"""Which network answers, and the rows that record it."""

from django.conf import settings
from django.db import IntegrityError, transaction

from detector.enums import ModelStatus
from detector.exceptions import DetectorError
from detector.models import ModelVersion
from ml import face_detection, inference, manifest


def analyser() -> inference.Analyser:
    """The network that answers now, loaded on first use and kept for the process."""
    return inference.load(settings.MODEL_VERSION)


def verify() -> None:
    """Check that both networks are there, whole and of a known format, without loading them.

    Raises DetectorError.
    """
    try:
        manifest.verify_files(manifest.read(settings.MODEL_VERSION or inference.DEFAULT_VERSION))
        face_detection.network_bytes()
    except (manifest.ManifestError, face_detection.DetectorError) as error:
        raise DetectorError("model_unusable", str(error)) from error


def warm_up() -> None:
    """Load detector and network and run them once, so that the first photo does not wait."""
    inference.warm_up(settings.MODEL_VERSION)
    _activate(version_of(analyser()))


def version_of(network: inference.Analyser) -> ModelVersion:
    """The row of a network, made where it is missing."""
    version, _ = ModelVersion.objects.get_or_create(name=network.version, sha256=network.sha256)
    if version.manifest != network.manifest:
        version.manifest = network.manifest
        version.save(update_fields=["manifest"])
    return version


def _activate(version: ModelVersion) -> None:
    """Give a version the active place: the environment of this worker chose it."""
    try:
        with transaction.atomic():
            others = ModelVersion.objects.exclude(pk=version.pk)
            others.filter(status=ModelStatus.ACTIVE).update(status=ModelStatus.RETIRED)
            ModelVersion.objects.filter(pk=version.pk).update(status=ModelStatus.ACTIVE)
    except IntegrityError:
        # Another worker activates one at this moment; the last to start wins.
        return
