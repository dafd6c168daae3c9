"""Load the networks of a worker process, and find their rows."""

import logging
from uuid import UUID

from django.conf import settings

from detector.exceptions import DetectorError
from detector.models import ModelVersion
from detector.registry import promotion
from detector.registry import selectors as model_selectors
from ml import centerface_graph, inference, manifest

logger = logging.getLogger(__name__)

_just_read: dict[tuple[str, str], ModelVersion] = {}
"""The row that the last call of `analyser` asked for, by name and checksum. It saves a query."""
_known: dict[tuple[UUID, str], ModelVersion] = {}
"""The last active row by id and checksum, so that its manifest is not read for each photo."""


def analyser() -> inference.Analyser:
    """Return the active network, loaded on first use and cached in the process.

    The active version is read from the database each time, so that a promotion needs no restart.
    Raises DetectorError where a version that a person chose is missing or damaged on this host.
    """
    _just_read.clear()
    pinned = promotion.pinned()
    active = None if pinned else _active()
    if active is None:
        return _load(pinned)
    try:
        network = network_of(active)
        _just_read[network.version, network.sha256] = active
        return network
    except DetectorError as error:
        active.refresh_from_db(fields=["chosen_at"])
        if active.chosen_at is not None and not promotion.is_withdrawn(active.name):
            raise
        # This code no longer has it, or a host with newer code has activated what it ships and
        # what is still to come here.
        logger.warning("%s is not here, what ships with this code answers: %s", active, error)
        return _load(None)


def _active() -> ModelVersion | None:
    """Return the active version as it was when it became active."""
    key = model_selectors.active_key()
    if key is None:
        return None
    if key not in _known:
        _known.clear()
        _known.update({(row.pk, row.sha256): row for row in ModelVersion.objects.filter(pk=key[0])})
    return _known.get(key)


def network_of(version: ModelVersion) -> inference.Analyser:
    """Return the network of a version. Raises DetectorError where its checksum differs."""
    network = _load(version.name)
    if network.sha256 != version.sha256:
        raise DetectorError(
            "model_unusable",
            f"The weights {version} on this host are not those of this version.",
            permanent=False,
        )
    return network


def verify() -> None:
    """Check that the networks exist, intact and in a known format, without loading them.

    They are that of expressions, and the detector's graphs for workers and for browsers.

    Raises DetectorError.
    """
    name = promotion.pinned() or manifest.DEFAULT_VERSION
    try:
        manifest.verify_files(manifest.find(name, settings.MODELS_FOLDER))
        for graph in (centerface_graph.INT8, centerface_graph.FLOAT32):
            centerface_graph.read(graph)
    except (manifest.ManifestError, centerface_graph.FaceDetectorError) as error:
        raise DetectorError("model_unusable", str(error)) from error


def warm_up() -> None:
    """Load face detector and network and run them once, so that the first photo is fast."""
    promotion.choose_default()
    network = analyser()
    inference.warm_up(network.version, settings.MODELS_FOLDER)
    version_of(network)


def version_of(network: inference.Analyser) -> ModelVersion:
    """Return the row of a network. Creates it where it is missing."""
    version = _just_read.get((network.version, network.sha256))
    if version is None:
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
