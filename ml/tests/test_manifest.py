"""Incompatible and corrupt weights are told apart, and nothing half-written is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from ml import manifest
from ml.labels import EMOTIONS, HEADS
from ml.manifest import (
    CorruptWeightsError,
    IncompatibleWeightsError,
    WeightsMissingError,
    WeightsNotKeptError,
)

NO_BIAS = dict.fromkeys(EMOTIONS, 0)


def document(**changes: Any) -> dict[str, Any]:
    head = {"temperature": 1.5, "bias": dict.fromkeys(EMOTIONS, 0.25)}
    return {
        "serving": {"file": "model.onnx", "flip_averaging": True},
        "input": {"shape": [48, 48, 1], "range": [0, 255], "dtype": "float32"},
        "labels": list(EMOTIONS),
        "heads": list(HEADS),
        "calibration": dict.fromkeys(HEADS, head),
        "uncertain": {"threshold": 0.6},
        **changes,
    }


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Return a weights folder with one whole version, `v7`."""
    folder = tmp_path / "weights" / "v7"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"graph")
    manifest.write(document(), folder)
    return folder.parent


def rewrite(weights: Path, **changes: Any) -> None:
    path = weights / "v7" / manifest.FILE_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_reads_what_was_written(weights: Path) -> None:
    found = manifest.read("v7", weights)
    manifest.verify_files(found)
    assert found.version == "v7"
    assert found.serving_path == weights / "v7" / "model.onnx"
    assert found.sha256 == manifest.sha256_of(found.serving_path)
    assert found.calibration["consensus"] == manifest.HeadCalibration(1.5, (0.25,) * 7)
    assert found.mirror_below == 1.0
    assert found.uncertain_threshold == 0.6
    assert found.document["labels"] == list(EMOTIONS)


def test_nothing_is_left_beside_the_manifest(weights: Path) -> None:
    assert [path.name for path in weights.iterdir()] == ["v7"]
    assert {path.name for path in (weights / "v7").iterdir()} == {"manifest.json", "model.onnx"}


def test_available_versions(weights: Path) -> None:
    (weights / "unfinished").mkdir()
    assert manifest.available_versions(weights) == ["v7"]


@pytest.mark.parametrize("version", ["v8", "", "..", "../weights/v7", "/etc"])
def test_missing(weights: Path, version: str) -> None:
    with pytest.raises(WeightsMissingError, match="v7"):
        manifest.read(version, weights)


@pytest.mark.parametrize(
    "changes",
    [
        {"format_version": 2},
        {"format_version": "1"},
        {"labels": list(reversed(EMOTIONS))},
        {"heads": ["consensus"]},
        {"input": {"shape": [64, 64, 1], "range": [0, 255]}},
        {"input": {"shape": [48, 48, 1], "range": [0, 1]}},
    ],
)
def test_incompatible(weights: Path, changes: dict[str, Any]) -> None:
    rewrite(weights, **changes)
    with pytest.raises(IncompatibleWeightsError):
        manifest.read("v7", weights)


@pytest.mark.parametrize(
    "changes",
    [
        {"serving": {"flip_averaging": False}},
        {"serving": {"file": "other.onnx", "flip_averaging": False}},
        {"serving": {"file": "model.onnx", "mirror_below": 2}},
        {"calibration": {}},
        {"calibration": {head: {"temperature": 0, "bias": NO_BIAS} for head in HEADS}},
        {"calibration": {head: {"temperature": 1, "bias": {}} for head in HEADS}},
        {"uncertain": None},
        {"files": None},
        {"files": {"model.onnx": "0", "../../secret": "0"}},
        {"input": None},
    ],
)
def test_corrupt_manifest(weights: Path, changes: dict[str, Any]) -> None:
    rewrite(weights, **changes)
    with pytest.raises(CorruptWeightsError):
        manifest.read("v7", weights)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "\x00\xff", "null"])
def test_not_a_manifest(weights: Path, content: str) -> None:
    (weights / "v7" / manifest.FILE_NAME).write_text(content, encoding="latin-1")
    with pytest.raises(CorruptWeightsError):
        manifest.read("v7", weights)


def test_altered_file(weights: Path) -> None:
    found = manifest.read("v7", weights)
    found.serving_path.write_bytes(b"grap!")
    with pytest.raises(CorruptWeightsError, match="not the file"):
        manifest.verify_files(found)
    found.serving_path.unlink()
    with pytest.raises(CorruptWeightsError, match="missing"):
        manifest.verify_files(found)


def test_only_serving_files_must_be_there(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "DEFAULT_VERSION", "v7")
    network = weights / "v7" / "model.keras"
    network.write_bytes(b"network")
    manifest.write(document(), network.parent)
    found = manifest.read("v7", weights)
    assert found.provenance("model.keras") == network
    network.write_bytes(b"netwerk")
    with pytest.raises(CorruptWeightsError, match="not the file"):
        manifest.verify_files(found)
    network.unlink()
    manifest.verify_files(found)
    with pytest.raises(WeightsNotKeptError, match=r"model\.keras is not here.*repository"):
        found.provenance("model.keras")


def test_of_earlier_versions_the_manifest_alone_is_kept(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = manifest.read("v7", weights)
    monkeypatch.setattr(manifest, "WEIGHTS_FOLDER", weights)
    monkeypatch.setattr(manifest, "DEFAULT_VERSION", "v8")
    assert not found.is_withdrawn
    found.serving_path.unlink()
    assert manifest.find("v7", weights / "models") == found
    assert manifest.read("v7").is_withdrawn
    with pytest.raises(WeightsNotKeptError, match=r"Of v7 only the manifest.*docs/training\.md"):
        manifest.verify_files(found)
    with pytest.raises(WeightsNotKeptError, match="trained anew"):
        found.provenance("model.keras")
    # The one that ships is damaged without its graph, and so is one that was made here.
    monkeypatch.setattr(manifest, "DEFAULT_VERSION", "v7")
    with pytest.raises(CorruptWeightsError, match="missing"):
        manifest.verify_files(found)
    monkeypatch.setattr(manifest, "DEFAULT_VERSION", "v8")
    monkeypatch.setattr(manifest, "WEIGHTS_FOLDER", weights / "others")
    with pytest.raises(CorruptWeightsError, match="missing"):
        manifest.verify_files(found)
