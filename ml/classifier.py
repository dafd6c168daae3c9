"""The expression network as exported for serving, on ONNX Runtime.

Why this runtime: docs/decisions/0002-serving-runtime.md.
"""

import os
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ml.calibration import softmax
from ml.labels import EMOTIONS, HEADS
from ml.manifest import INPUT_SHAPE

BATCH: Final = 64
"""Crops that go through the network at once; bounds the memory a crowd costs."""
MAX_THREADS: Final = 2
"""Threads that work on one call; more gain little on so small a network."""


def usable_cores() -> int:
    """How many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Classifier:
    """Crops → logits of both heads; safe to share between threads, without a lock.

    Create it after a fork: its threads do not survive one.
    """

    def __init__(
        self,
        network: Path | bytes,
        *,
        mirror_below: float = 0.0,
        soften: bool = False,
        threads: int | None = None,
    ) -> None:
        """Read the exported network (a path or its bytes).

        Crops whose likeliest emotion gets at most `mirror_below` of the softmax of the `consensus`
        logits are also seen in the mirror, and both logits are averaged: 0 never, 1 always, at
        twice the cost. With `soften` crops go through `softened` first. `threads` work on one call,
        by default as many as there are cores for, at most two.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or min(MAX_THREADS, usable_cores())
        # A worker that waits for the next photo must not burn a core meanwhile.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = network if isinstance(network, bytes) else str(network)
        self._session = onnxruntime.InferenceSession(
            source, options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self._mirror_below, self._soften = mirror_below, soften

    def logits(
        self, crops: NDArray[np.uint8], mirror_below: float | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """Logits (N, 7) float32 for each head of `ml.labels.HEADS`.

        crops (N, 48, 48) uint8 grey, 0 black to 255 white; N may be 0. `mirror_below` instead of
        this classifier's own, for whoever compares crops. Raises ValueError for another shape or
        type.
        """
        check_crops(crops)
        below = self._mirror_below if mirror_below is None else mirror_below
        parts = [self._views(crops[at : at + BATCH], below) for at in range(0, len(crops), BATCH)]
        empty = np.zeros((0, len(EMOTIONS)), np.float32)
        return {head: np.concatenate([empty, *(part[head] for part in parts)]) for head in HEADS}

    def _views(
        self, crops: NDArray[np.uint8], mirror_below: float
    ) -> dict[str, NDArray[np.float32]]:
        logits = self._run(crops)
        unsure = softmax(logits["consensus"]).max(axis=1) <= mirror_below
        if unsure.any():
            mirrored = self._run(crops[unsure, :, ::-1])
            for head in HEADS:
                logits[head][unsure] = (logits[head][unsure] + mirrored[head]) / 2
        return logits

    def _run(self, crops: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        pixels = softened(crops) if self._soften else crops.astype(np.float32)
        outputs = self._session.run(list(HEADS), {self._input: pixels[..., None]})
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
