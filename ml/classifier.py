"""The exported expression network on ONNX Runtime.

docs/decisions/0002-serving-runtime.md says why this runtime.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import runtime
from ml.calibration import softmax
from ml.labels import EMOTIONS, HEADS
from ml.manifest import INPUT_SHAPE

BATCH: Final = 64
"""Crops in one call of the network; bounds the memory for a photo of a crowd."""


class Classifier:
    """Computes the logits of both heads for crops. Threads may share it without a lock.

    Create it after a fork, since its threads do not survive one.
    """

    def __init__(
        self,
        network: Path | bytes,
        *,
        mirror_below: float = 0.0,
        soften: bool = False,
        threads: int = 1,
    ) -> None:
        """Read the exported network, given as a path or as bytes.

        Crops whose highest softmax probability of `consensus` is at most `mirror_below` are also
        classified mirrored, and both logits are averaged: 0 never does so, 1 always, at twice the
        cost. With `soften` crops go through `softened` first. `threads`: see `ml.runtime.session`.
        """
        self._session = runtime.session(network, threads=threads)
        self._input = self._session.get_inputs()[0].name
        self._mirror_below, self._soften = mirror_below, soften

    def logits(
        self, crops: NDArray[np.uint8], mirror_below: float | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """Return logits (N, 7) float32 for each head of `ml.labels.HEADS`.

        crops: (N, 48, 48) uint8 grey, 0 black to 255 white; N may be 0. `mirror_below` replaces the
        classifier's own value. Raises ValueError for another shape or type.
        """
        check_crops(crops)
        below = self._mirror_below if mirror_below is None else mirror_below
        parts = [
            self._batch_logits(crops[at : at + BATCH], below) for at in range(0, len(crops), BATCH)
        ]
        empty = np.zeros((0, len(EMOTIONS)), np.float32)
        return {head: np.concatenate([empty, *(part[head] for part in parts)]) for head in HEADS}

    def _batch_logits(
        self, crops: NDArray[np.uint8], mirror_below: float
    ) -> dict[str, NDArray[np.float32]]:
        """Return the logits of one batch, averaged with the mirrored crops where uncertain."""
        logits = self._run(crops)
        uncertain = softmax(logits["consensus"]).max(axis=1) <= mirror_below
        if uncertain.any():
            mirrored = self._run(crops[uncertain, :, ::-1])
            for head in HEADS:
                logits[head][uncertain] = (logits[head][uncertain] + mirrored[head]) / 2
        return logits

    def _run(self, crops: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        pixels = softened(crops) if self._soften else crops.astype(np.float32)
        outputs = self._session.run(list(HEADS), {self._input: pixels[..., None]})
        return dict(zip(HEADS, outputs, strict=True))


def softened(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blur crops (N, H, W) uint8 as augmentation blurs training images on average.

    Returns float32 of the same shape. Training shifts every image by fractions of a pixel. Linear
    interpolation at a distance f between two pixels blurs with variance f(1 - f), on average 1/6.
    The kernel 1/12, 10/12, 1/12 has the same variance.
    """
    pixels = np.pad(crops.astype(np.float32), ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = (pixels[:, :-2] + 10 * pixels[:, 1:-1] + pixels[:, 2:]) / 12
    return np.asarray((rows[:, :, :-2] + 10 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 12)


def check_crops(crops: NDArray[np.uint8]) -> None:
    """Raise ValueError unless `crops` is (N, 48, 48) uint8."""
    if crops.ndim != 3 or crops.shape[1:] != INPUT_SHAPE[:2] or crops.dtype != np.uint8:
        raise ValueError(f"crops must be (N, 48, 48) uint8, not {crops.shape} {crops.dtype}")
