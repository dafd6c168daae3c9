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

    images (N, 48, 48) uint8 grayscale; label (N,) uint8 indices into `EMOTIONS`; consensus
    (N, 7) float32, the taggers' distribution over the seven emotions, or None where the file
    has no votes; its rows are all zero where too few taggers chose one of the seven.
    """

    images: NDArray[np.uint8]
    label: NDArray[np.uint8]
    consensus: NDArray[np.float32] | None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def has_consensus(self) -> NDArray[np.bool_]:
        """(N,) whether enough taggers chose one of the seven emotions."""
        if self.consensus is None:
            return np.zeros(len(self), dtype=np.bool_)
        has: NDArray[np.bool_] = self.consensus.sum(axis=1) > 0
        return has

    def take(self, rows: NDArray[np.bool_] | slice) -> "FaceDataset":
        """The same data for the chosen rows only."""
        consensus = None if self.consensus is None else self.consensus[rows]
        return FaceDataset(self.images[rows], self.label[rows], consensus)


def consensus_from_votes(votes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Distributions over the seven emotions from FER+ votes.

    votes (N, 10) uint8 in the order of `FERPLUS_COLUMNS` → (N, 7) float32 whose rows sum to 1,
    or to 0 where fewer than `MIN_SHARED_VOTES` fell on the seven.
    """
    columns = [FERPLUS_COLUMNS.index(emotion) for emotion in EMOTIONS]
    shared = votes[:, columns].astype(np.float32)
    total = shared.sum(axis=1, keepdims=True)
    enough = total >= MIN_SHARED_VOTES
    return np.where(enough, shared / np.maximum(total, 1), 0).astype(np.float32)


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
    consensus = None if votes is None else consensus_from_votes(votes)
    dataset = FaceDataset(images, label.astype(np.uint8), consensus)
    if split is None:
        return dataset
    if "usage" not in arrays:
        raise ValueError(f"{path} has no array 'usage', so it has no split {split.name.lower()}")
    return dataset.take(arrays["usage"] == split)
