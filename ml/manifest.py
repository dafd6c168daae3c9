"""Reads, checks and writes the manifest of weights.

`weights/<version>/manifest.json` says what the weights are and holds the SHA-256 of every other
file of its folder: the graph that serves, and its provenance, which only training and people need
and which may be absent. Of a version that shipped earlier the manifest alone is kept, so that what
it said can still be looked up. *Incompatible* (written for other code), *corrupt* (damaged) and
*not kept* are different errors, since they call for different remedies.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ml.labels import EMOTIONS, HEADS

FORMAT_VERSION: Final = 1
WEIGHTS_FOLDER: Final = Path(__file__).parent / "weights"
DEFAULT_VERSION: Final = "v9"
"""The version that ships and serves by default."""
FILE_NAME: Final = "manifest.json"
REMEDY: Final = "docs/training.md says from which configurations, in which order."
"""What a network that is not kept can be made of again."""
INPUT_SHAPE: Final = (48, 48, 1)
INPUT_RANGE: Final = (0, 255)


class ManifestError(Exception):
    """Weights that cannot be used."""


class WeightsMissingError(ManifestError):
    """The version does not exist."""


class WeightsNotKeptError(ManifestError):
    """Known by their manifest, but the file that is asked for is not kept here."""


class IncompatibleWeightsError(ManifestError):
    """The weights are whole, but their format, labels or input do not fit this code."""


class CorruptWeightsError(ManifestError):
    """A file is missing or altered, or the manifest cannot be read."""


@dataclass(frozen=True)
class HeadCalibration:
    """Calibration of one head: see `ml.calibration`.

    bias (7,) is added to the logits; then they are divided by temperature (> 0).
    """

    temperature: float
    bias: tuple[float, ...]


@dataclass(frozen=True)
class Manifest:
    """The part of a manifest that serving needs; `document` is the whole file."""

    version: str
    folder: Path
    serving_file: str
    mirror_below: float
    softening: bool
    calibration: dict[str, HeadCalibration]
    uncertain_threshold: float
    files: dict[str, str]
    document: dict[str, Any]

    @property
    def serving_path(self) -> Path:
        """The exported graph that serving runs."""
        return self.folder / self.serving_file

    @property
    def is_withdrawn(self) -> bool:
        """Whether it shipped earlier and no longer does: its manifest alone is kept."""
        shipped = self.folder.parent == WEIGHTS_FOLDER and self.version != DEFAULT_VERSION
        return shipped and not self.serving_path.is_file()

    def provenance(self, name: str) -> Path:
        """Return a file that only training needs. Raises WeightsNotKeptError if it is not here."""
        path = self.folder / name
        if not path.is_file():
            remedy = (
                f"Networks of earlier versions can be trained anew: {REMEDY}"
                if self.version != DEFAULT_VERSION
                else "A checkout of the repository and the image `training` have it."
            )
            raise WeightsNotKeptError(f"{path} is not here. {remedy}")
        return path

    @property
    def sha256(self) -> str:
        """SHA-256 of the serving export, in hexadecimal; identifies these weights."""
        return self.files[self.serving_file]


def available_versions(weights: Path | None = None) -> list[str]:
    """Return the sorted names of versions with a manifest, by default of those that ship."""
    return sorted(path.parent.name for path in (weights or WEIGHTS_FOLDER).glob(f"*/{FILE_NAME}"))


def read(version: str, weights: Path | None = None) -> Manifest:
    """Read and check the manifest of a version; its files are checked by `verify_files`.

    Of one that ships unless told. Raises WeightsMissingError, IncompatibleWeightsError or
    CorruptWeightsError.
    """
    weights = weights or WEIGHTS_FOLDER
    folder = weights / version
    path = folder / FILE_NAME
    # A version is the name of one folder, never a path out of the weights' folder.
    if Path(version).name != version or not path.is_file():
        known = ", ".join(available_versions(weights)) or "none"
        raise WeightsMissingError(f"No weights {version!r} in {weights} (there are: {known}).")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        found = document["format_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptWeightsError(f"{path} is not a manifest.") from error
    if found != FORMAT_VERSION:
        raise IncompatibleWeightsError(
            f"{path} has format version {found!r}; this code reads {FORMAT_VERSION}."
        )
    try:
        _check_compatible(document, path)
        return _parse(document, folder)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CorruptWeightsError(f"{path} lacks or misstates {error}.") from error


def find(version: str, folder: Path | None = None) -> Manifest:
    """Read the manifest of a version that ships, else of one in `folder`.

    A version in `folder` cannot replace a shipped one. Raises as `read` does.
    """
    if folder is None or version in available_versions():
        return read(version)
    return read(version, folder)


def comparison_path(folder: Path, candidate: str, baseline: str) -> Path:
    """Return the path of the comparison of two versions, given by their serving checksums."""
    return folder / "comparisons" / f"{candidate[:16]}-{baseline[:16]}.json"


def verify_files(manifest: Manifest) -> None:
    """Compare every file of the version with its SHA-256; what serving does without may be absent.

    Raises WeightsNotKeptError where the version no longer ships, else CorruptWeightsError.
    """
    if manifest.is_withdrawn:
        raise WeightsNotKeptError(
            f"Of {manifest.version} only the manifest is kept: it can be looked up, but not used. "
            f"An earlier release has its files; its network can be trained anew: {REMEDY}"
        )
    for name, expected in manifest.files.items():
        path = manifest.folder / name
        if not path.is_file():
            if name != manifest.serving_file:
                continue
            raise CorruptWeightsError(f"{path} is missing.")
        if sha256_of(path) != expected:
            raise CorruptWeightsError(f"{path} is not the file its manifest describes.")


def write(document: dict[str, Any], folder: Path) -> None:
    """Write `manifest.json` atomically, with the SHA-256 of every file in `folder`."""
    names = sorted(path.name for path in folder.iterdir() if path.name != FILE_NAME)
    document = {
        "format_version": FORMAT_VERSION,
        **document,
        "files": {name: sha256_of(folder / name) for name in names},
    }
    part = folder.with_name(f"{folder.name}.{FILE_NAME}.part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / FILE_NAME)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_compatible(document: dict[str, Any], path: Path) -> None:
    expected = {
        "labels": list(EMOTIONS),
        "heads": list(HEADS),
        "input": {"shape": list(INPUT_SHAPE), "range": list(INPUT_RANGE)},
    }
    for key, value in expected.items():
        found = document[key]
        if isinstance(value, dict):
            found = {name: found[name] for name in value}
        if found != value:
            raise IncompatibleWeightsError(f"{path} has {key} {found}; this code needs {value}.")


def _mirror_below(serving: dict[str, Any]) -> float:
    """Read `mirror_below` of `ml.classifier.Classifier`. Older manifests have a flag: always."""
    below = float(serving.get("mirror_below", bool(serving.get("flip_averaging"))))
    if not 0 <= below <= 1:
        raise ValueError("mirror_below from 0 to 1")
    return below


def _parse(document: dict[str, Any], folder: Path) -> Manifest:
    calibration = {}
    for head in HEADS:
        values = document["calibration"][head]
        bias = tuple(float(values["bias"][emotion]) for emotion in EMOTIONS)
        calibration[head] = HeadCalibration(float(values["temperature"]), bias)
        if calibration[head].temperature <= 0:
            raise ValueError("a temperature above 0")
    files = {str(name): str(digest) for name, digest in document["files"].items()}
    if any(Path(name).name != name for name in files):
        raise ValueError("file names without folders")
    serving = document["serving"]
    if serving["file"] not in files:
        raise KeyError(serving["file"])
    return Manifest(
        version=folder.name,
        folder=folder,
        serving_file=serving["file"],
        mirror_below=_mirror_below(serving),
        softening=bool(serving.get("softening", False)),
        calibration=calibration,
        uncertain_threshold=float(document["uncertain"]["threshold"]),
        files=files,
        document=document,
    )
