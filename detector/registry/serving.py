"""Which version serves on this host, by its manifest. Nothing here loads a network."""

from django.conf import settings

from detector.exceptions import DetectorError
from detector.registry import promotion
from detector.registry import selectors as model_selectors
from ml import manifest


def manifest_of_serving() -> manifest.Manifest:
    """Return the manifest that workers on this host use, as `networks.analyser` chooses it.

    Raises DetectorError `model_unusable`.
    """
    try:
        return _chosen()
    except (manifest.ManifestError, OSError) as error:
        raise DetectorError("model_unusable", str(error), permanent=False) from error


def _chosen() -> manifest.Manifest:
    pinned = promotion.pinned()
    active = None if pinned else model_selectors.active_model()
    if active is None:
        return manifest.find(pinned or manifest.DEFAULT_VERSION, settings.MODELS_FOLDER)
    try:
        weights = manifest.find(active.name, settings.MODELS_FOLDER)
    except manifest.ManifestError:
        return manifest.find(manifest.DEFAULT_VERSION)
    is_usable = weights.sha256 == active.sha256 and weights.serving_path.is_file()
    return weights if is_usable else manifest.find(manifest.DEFAULT_VERSION)
