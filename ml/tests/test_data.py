"""Reading the training file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.labels import EMOTIONS
from ml.training import data


def saved(folder: Path, **arrays: Any) -> Path:
    path = folder / "faces.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture
def arrays() -> dict[str, Any]:
    votes = np.zeros((4, 10), np.uint8)
    votes[0, data.FERPLUS_COLUMNS.index("happy")] = 7
    votes[0, data.FERPLUS_COLUMNS.index("neutral")] = 3
    votes[1, data.FERPLUS_COLUMNS.index("contempt")] = 8
    votes[1, data.FERPLUS_COLUMNS.index("angry")] = 2
    votes[2, data.FERPLUS_COLUMNS.index("sad")] = 3
    votes[3, data.FERPLUS_COLUMNS.index("not a face")] = 10
    return {
        "images": np.arange(4 * 48 * 48).astype(np.uint8).reshape(4, 48, 48),
        "label": np.array([3, 0, 4, 6], np.uint8),
        "votes": votes,
        "usage": np.array([0, 1, 2, 2], np.uint8),
    }


def test_votes_become_distributions(tmp_path: Path, arrays: dict[str, Any]) -> None:
    faces = data.load(saved(tmp_path, **arrays))
    assert faces.consensus is not None
    assert dict(zip(EMOTIONS, faces.consensus[0].tolist(), strict=True)) == pytest.approx(
        dict.fromkeys(EMOTIONS, 0.0) | {"happy": 0.7, "neutral": 0.3}
    )
    # Two votes are too few, three are enough.
    assert faces.has_consensus.tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("split", "labels"), [("TRAIN", [3]), ("VALIDATION", [0]), ("TEST", [4, 6])]
)
def test_splits(tmp_path: Path, arrays: dict[str, Any], split: str, labels: list[int]) -> None:
    faces = data.load(saved(tmp_path, **arrays), data.Split[split])
    assert faces.label.tolist() == labels
    assert len(faces) == len(faces.images) == len(labels)


def test_without_votes(tmp_path: Path, arrays: dict[str, Any]) -> None:
    faces = data.load(saved(tmp_path, images=arrays["images"], label=arrays["label"]))
    assert faces.consensus is None
    assert not faces.has_consensus.any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": np.zeros((4, 48, 48), np.float32)}, "images must be"),
        ({"images": np.zeros((4, 40, 48), np.uint8)}, "images must be"),
        ({"label": np.zeros(3, np.uint8)}, "label must hold"),
        ({"label": np.full(4, 7, np.uint8)}, "label must hold"),
    ],
)
def test_bad_arrays(
    tmp_path: Path, arrays: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        data.load(saved(tmp_path, **(arrays | changes)))


@pytest.mark.parametrize("name", ["images", "label"])
def test_missing_arrays(tmp_path: Path, arrays: dict[str, Any], name: str) -> None:
    del arrays[name]
    with pytest.raises(ValueError, match=name):
        data.load(saved(tmp_path, **arrays))


def test_a_split_needs_usage(tmp_path: Path, arrays: dict[str, Any]) -> None:
    del arrays["usage"]
    with pytest.raises(ValueError, match="usage"):
        data.load(saved(tmp_path, **arrays), data.Split.TEST)
