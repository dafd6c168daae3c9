"""The networks of the serving version, as browsers run them. Nothing here loads a network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.exceptions import DetectorError
from detector.registry import serving
from ml import manifest


@dataclass(frozen=True)
class BrowserNetworks:
    """Networks of one version: constants for the scripts, files, and their checksums by part."""

    constants: dict[str, Any]
    files: dict[str, Path]
    checksums: dict[str, str]


def networks() -> BrowserNetworks:
    """Return the networks of the version that serves. Raises DetectorError."""
    # Imported here: it brings OpenCV and the runtime, which no other page needs.
    from ml import browser

    try:
        weights = serving.manifest_of_serving()
        return BrowserNetworks(
            browser.constants(weights), browser.networks(weights), browser.checksums(weights)
        )
    except (manifest.ManifestError, OSError) as error:
        raise DetectorError("model_unusable", str(error), permanent=False) from error


def content_of(checksum: str) -> bytes | None:
    """Return the network of the serving version with this SHA-256; None where it has none.

    Raises DetectorError where its file is missing or altered.
    """
    found = networks()
    for part, expected in found.checksums.items():
        if expected == checksum:
            return _whole(found.files[part], checksum)
    return None


def _whole(path: Path, checksum: str) -> bytes:
    try:
        if manifest.sha256_of(path) == checksum:
            return path.read_bytes()
    except OSError:
        pass
    raise DetectorError("model_unusable", f"{path} is missing or altered.", permanent=False)
