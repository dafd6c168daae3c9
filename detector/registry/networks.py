"""The networks of a worker's process, and the rows that record what they say."""

import logging

from django.conf import settings

from detector.exceptions import DetectorError
from detector.models import ModelVersion
from detector.registry import promotion
from detector.registry import selectors as model_selectors
from ml import face_detection, inference, manifest

logger = logging.getLogger(__name__)


def analyser() -> inference.Analyser:
    """The network that answers now, loaded on first use and kept for the process.

    Which one that is stands in the database and is read every time, so that a promotion needs no
    restart. Raises DetectorError where the version that a person chose is not here or not whole.
    """
    pinned = promotion.pinned()
    active = None if pinned else model_selectors.active_model()
    if active is None:
        return _load(pinned)
    try:
        return network_of(active)
    except DetectorError as error:
        if active.chosen_at is not None and not promotion.is_withdrawn(active.name):
            raise
        # This code no longer has it, or a host with newer code has activated what it ships and
        # what is still to come here.
        logger.warning("%s is not here, what ships with this code answers: %s", active, error)
        return _load(None)


def network_of(version: ModelVersion) -> inference.Analyser:
    """The network of a version, its checksum compared with the row. Raises DetectorError."""
    network = _load(version.name)
    if network.sha256 != version.sha256:
        raise DetectorError(
            "model_unusable",
            f"The weights {version} on this host are not those of this version.",
            permanent=False,
        )
    return network


def verify() -> None:
    """Check that both networks are there, whole and of a known format, without loading them.

    Raises DetectorError.
    """
    name = promotion.pinned() or manifest.DEFAULT_VERSION
    try:
        manifest.verify_files(manifest.find(name, settings.MODELS_FOLDER))
        face_detection.network_bytes()
    except (manifest.ManifestError, face_detection.FaceDetectorError) as error:
        raise DetectorError("model_unusable", str(error)) from error


def warm_up() -> None:
    """Load detector and network and run them once, so that the first photo does not wait."""
    promotion.choose_default()
    network = analyser()
    inference.warm_up(network.version, settings.MODELS_FOLDER)
    version_of(network)


def version_of(network: inference.Analyser) -> ModelVersion:
    """The row of a network, made where it is missing."""
    version, _ = ModelVersion.objects.get_or_create(name=network.version, sha256=network.sha256)
    if version.manifest != network.manifest:
        version.manifest = network.manifest
        version.save(update_fields=["manifest"])
    return version


def _load(name: str | None) -> inference.Analyser:
    try:
        return inference.load(name, settings.MODELS_FOLDER)
    except manifest.ManifestError as error:
        raise DetectorError("model_unusable", str(error), permanent=False) from error
