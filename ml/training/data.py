"""The training data: FER2013 images with their original labels and the FER+ votes.

Sources: Goodfellow et al. 2013 (arXiv:1307.0414), Barsoum et al. 2016 (arXiv:1608.01041).
"""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.labels import EMOTIONS

FERPLUS_COLUMNS: Final = (
    "neutral",
    "happy",
    "surprise",
    "sad",
    "angry",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "not a face",
)
MIN_SHARED_VOTES: Final = 3
"""Rows with fewer votes for the seven shared emotions have no consensus."""


class Split(IntEnum):
    """FER2013's official split, as `usage` stores it."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2


@dataclass(frozen=True)
class FaceDataset:
    """Faces with their labels; all arrays have the same first length N.

    images (N, 48, 48) uint8 grayscale; label (N,) uint8 indices into `EMOTIONS`; votes (N, 7)
    uint8, how many taggers chose each emotion, or None where the file has no votes.
    """

    images: NDArray[np.uint8]
    label: NDArray[np.uint8]
    votes: NDArray[np.uint8] | None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def consensus(self) -> NDArray[np.float32] | None:
        """(N, 7) the taggers' distribution over the seven emotions, or None without votes.

        Rows are all zero where fewer than `MIN_SHARED_VOTES` fell on the seven.
        """
        if self.votes is None:
            return None
        total = self.votes.sum(axis=1, keepdims=True)
        enough = total >= MIN_SHARED_VOTES
        return np.where(enough, self.votes / np.maximum(total, 1), 0).astype(np.float32)

    @property
    def has_consensus(self) -> NDArray[np.bool_]:
        """(N,) whether enough taggers chose one of the seven emotions."""
        if self.votes is None:
            return np.zeros(len(self), dtype=np.bool_)
        return np.asarray(self.votes.sum(axis=1) >= MIN_SHARED_VOTES)

    def take(self, rows: NDArray[np.bool_] | slice) -> "FaceDataset":
        """Return the data of the chosen rows."""
        votes = None if self.votes is None else self.votes[rows]
        return FaceDataset(self.images[rows], self.label[rows], votes)


def load(path: Path, split: Split | None = None) -> FaceDataset:
    """Read an `.npz` of faces; `split` keeps only its rows and needs `usage` in the file.

    Raises ValueError where the arrays are missing, misshaped or the labels out of range.
    """
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    for name in ("images", "label"):
        if name not in arrays:
            raise ValueError(f"{path} has no array {name!r}")
    images, label = arrays["images"], arrays["label"]
    if images.dtype != np.uint8 or images.shape[1:] != (48, 48):
        raise ValueError(f"images must be (N, 48, 48) uint8, not {images.shape} {images.dtype}")
    if label.shape != (len(images),) or (len(label) and label.max() >= len(EMOTIONS)):
        raise ValueError("label must hold one index below seven for each image")
    votes = arrays.get("votes")
    if votes is not None:
        votes = votes[:, [FERPLUS_COLUMNS.index(emotion) for emotion in EMOTIONS]]
    dataset = FaceDataset(images, label.astype(np.uint8), votes)
    if split is None:
        return dataset
    if "usage" not in arrays:
        raise ValueError(f"{path} has no array 'usage', so it has no split {split.name.lower()}")
    return dataset.take(arrays["usage"] == split)


def has_array(path: Path, name: str) -> bool:
    """Return whether the `.npz` of faces has this array. Raises OSError or ValueError."""
    with np.load(path) as file:
        return name in file.files


def some(faces: FaceDataset, rows: int) -> FaceDataset:
    """Return that many faces, drawn at random but always the same."""
    chosen = np.random.default_rng(2013).permutation(len(faces))[:rows]
    return faces.take(np.isin(np.arange(len(faces)), chosen))
