"""The expression network as exported for serving, on ONNX Runtime.

Why this runtime: docs/decisions/0002-serving-runtime.md.
"""

from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ml.labels import EMOTIONS, HEADS
from ml.manifest import INPUT_SHAPE

BATCH: Final = 64
"""Crops that go through the network at once; bounds the memory a crowd costs."""


class Classifier:
    """Crops → logits of both heads; safe to share between threads, without a lock.

    Create it after a fork: its threads do not survive one.
    """

    def __init__(
        self, network: Path | bytes, *, flip: bool = False, soften: bool = False, threads: int = 2
    ) -> None:
        """Read the exported network (a path or its bytes).

        With `flip` each crop is also seen in the mirror and both logits are averaged, at twice
        the cost. With `soften` crops go through `softened` first. `threads` work on one call.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # A worker that waits for the next photo must not burn a core meanwhile.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = network if isinstance(network, bytes) else str(network)
        self._session = onnxruntime.InferenceSession(
            source, options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self._flip, self._soften = flip, soften

    def logits(self, crops: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Logits (N, 7) float32 for each head of `ml.labels.HEADS`.

        crops (N, 48, 48) uint8 grey, 0 black to 255 white; N may be 0. Raises ValueError for
        another shape or type.
        """
        check_crops(crops)
        parts = [self._run(crops[at : at + BATCH]) for at in range(0, len(crops), BATCH)]
        empty = np.zeros((0, len(EMOTIONS)), np.float32)
        return {head: np.concatenate([empty, *(part[head] for part in parts)]) for head in HEADS}

    def _run(self, crops: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        if self._flip:
            crops = np.concatenate([crops, crops[:, :, ::-1]])
        pixels = softened(crops) if self._soften else crops.astype(np.float32)
        outputs = self._session.run(list(HEADS), {self._input: pixels[..., None]})
        if self._flip:
            half = len(crops) // 2
            outputs = [(output[:half] + output[half:]) / 2 for output in outputs]
        return dict(zip(HEADS, outputs, strict=True))


def softened(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Crops (N, H, W) uint8 as soft as training's are on average: float32, the same shape.

    Training moves every image by parts of pixels. Linear interpolation at a distance f between two
    pixels blurs with a variance of f(1 - f), on average 1/6; so do weights of 1/12, 10/12, 1/12.
    """
    pixels = np.pad(crops.astype(np.float32), ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = (pixels[:, :-2] + 10 * pixels[:, 1:-1] + pixels[:, 2:]) / 12
    return np.asarray((rows[:, :, :-2] + 10 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 12)


def check_crops(crops: NDArray[np.uint8]) -> None:
    """Raise ValueError unless `crops` is (N, 48, 48) uint8."""
    if crops.ndim != 3 or crops.shape[1:] != INPUT_SHAPE[:2] or crops.dtype != np.uint8:
        raise ValueError(f"crops must be (N, 48, 48) uint8, not {crops.shape} {crops.dtype}")
