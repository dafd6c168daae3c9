"""What speaks against reading a crop: covered eyes, a covered mouth, no face at all.

A small network of its own looks at the crop that the expression network sees, and answers what that
one cannot: seven expressions leave no room for "none of them". What it was taught and what it
finds: docs/decisions/0025-wrong-and-unsure.md.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ml.manifest import WEIGHTS_FOLDER, CorruptWeightsError, sha256_of
from ml.types import Doubts

FOLDER: Final = WEIGHTS_FOLDER / "face_check"
GRAPH: Final = "face_check.onnx"
DOCUMENT: Final = "face_check.json"
BATCH: Final = 256
"""Crops that go through the network at once."""


class FaceCheck:
    """Crops → doubts; safe to share between threads.

    Create it after a fork, as `ml.classifier.Classifier`.
    """

    def __init__(self, network: bytes) -> None:
        """Read the graph."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            network, options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name

    def scores(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, 3) in [0, 1], in the order of `Doubts`; crops (N, 48, 48) uint8, N may be 0."""
        found = [np.zeros((0, len(Doubts._fields)), np.float32)]
        for at in range(0, len(crops), BATCH):
            pixels = standardised(crops[at : at + BATCH])
            found.append(self._session.run(None, {self._input: pixels})[0])
        return np.asarray(1 / (1 + np.exp(-np.concatenate(found))), np.float32)

    def doubts(self, crops: NDArray[np.uint8]) -> list[Doubts]:
        """The same, one a crop."""
        return [Doubts(*row) for row in self.scores(crops).tolist()]


def standardised(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Crops (N, 48, 48) at mean 0 and variance 1 each: (N, 48, 48, 1) float32."""
    pixels = crops.astype(np.float32)
    mean = pixels.mean(axis=(1, 2), keepdims=True)
    spread = pixels.std(axis=(1, 2), keepdims=True)
    return np.asarray(((pixels - mean) / np.maximum(spread, 1))[..., None], np.float32)


def load(folder: Path = FOLDER) -> FaceCheck:
    """The network that ships; raises CorruptWeightsError where it is damaged."""
    graph = folder / GRAPH
    try:
        document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
        whole = sha256_of(graph) == document["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorruptWeightsError(f"{folder} is missing or damaged.") from error
    if not whole:
        raise CorruptWeightsError(f"{graph} is not the file that {DOCUMENT} describes.")
    return FaceCheck(graph.read_bytes())
