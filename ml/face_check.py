"""A small network that finds crops with covered eyes, a covered mouth, or no face.

It gets the same crop as the expression network, which cannot answer this: its seven classes have no
"none of them". Training and results: docs/decisions/0025-wrong-and-unsure.md.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import runtime
from ml.manifest import WEIGHTS_FOLDER, CorruptWeightsError, sha256_of
from ml.types import Doubts

FOLDER: Final = WEIGHTS_FOLDER / "face_check"
GRAPH: Final = "face_check.onnx"
DOCUMENT: Final = "face_check.json"
BATCH: Final = 256
"""Crops in one call of the network."""


class FaceCheck:
    """Scores crops for covers and for not being a face. Threads may share it.

    Create it after a fork, like `ml.classifier.Classifier`.
    """

    def __init__(self, network: bytes) -> None:
        """Read the graph."""
        self._session = runtime.session(network)
        self._input = self._session.get_inputs()[0].name

    def scores(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return scores (N, 3) in [0, 1], columns as in `Doubts`, of crops (N, 48, 48) uint8."""
        found = [np.zeros((0, len(Doubts._fields)), np.float32)]
        for at in range(0, len(crops), BATCH):
            pixels = standardised(crops[at : at + BATCH])
            found.append(self._session.run(None, {self._input: pixels})[0])
        return np.asarray(1 / (1 + np.exp(-np.concatenate(found))), np.float32)

    def doubts(self, crops: NDArray[np.uint8]) -> list[Doubts]:
        """Return the same scores as one `Doubts` per crop."""
        return [Doubts(*row) for row in self.scores(crops).tolist()]


def standardised(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scale each crop (N, 48, 48) to mean 0 and variance 1: (N, 48, 48, 1) float32."""
    pixels = crops.astype(np.float32)
    mean = pixels.mean(axis=(1, 2), keepdims=True)
    spread = pixels.std(axis=(1, 2), keepdims=True)
    return np.asarray(((pixels - mean) / np.maximum(spread, 1))[..., None], np.float32)


def load(folder: Path = FOLDER) -> FaceCheck:
    """Load the network that ships. Raises CorruptWeightsError where it is damaged."""
    graph = folder / GRAPH
    try:
        document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
        whole = sha256_of(graph) == document["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorruptWeightsError(f"{folder} is missing or damaged.") from error
    if not whole:
        raise CorruptWeightsError(f"{graph} is not the file that {DOCUMENT} describes.")
    return FaceCheck(graph.read_bytes())
