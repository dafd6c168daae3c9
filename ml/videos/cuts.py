"""Tell where a video cuts from one shot to another.

A face after a cut may be where another one was before it: without this, both would be one person.
"""

from typing import Final, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE: Final = 8
"""Layouts of frames are compared as grey pictures of so many pixels on each side."""
MIN_LIKENESS: Final = 1.1
"""Least likeness of two frames of one shot, chosen by `ml.training.studies.video_cuts`."""

_SMALL: Final = (64, 48)
_BINS, _RANGE = 10, (0.1, 0.6)
_DARK: Final = 8.0
"""Added to each channel: the hue of nearly black pixels says nothing."""


class _View(NamedTuple):
    """`layout` (8, 8) is grey, its mean 0; `hues` (10, 10): shares of pixels by red and green."""

    layout: NDArray[np.float64]
    hues: NDArray[np.float64]

    @classmethod
    def of(cls, rgb: NDArray[np.uint8]) -> Self:
        small = cv2.resize(rgb, _SMALL, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        layout = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
        channels = small.reshape(-1, 3) + _DARK
        red, green = (channels[:, :2] / channels.sum(axis=1, keepdims=True)).T
        hues, _, _ = np.histogram2d(red, green, bins=_BINS, range=[_RANGE, _RANGE])
        return cls(layout - layout.mean(), hues / len(channels))


class CutDetector:
    """Compares each frame with the one before it."""

    def __init__(self) -> None:
        self._before: _View | None = None

    def is_cut(self, rgb: NDArray[np.uint8]) -> bool:
        """Return whether a new shot begins with a frame (H, W, 3); the first one begins none."""
        before, self._before = self._before, _View.of(rgb)
        return before is not None and _likeness(before, self._before) < MIN_LIKENESS


def likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return how much two frames (H, W, 3) are alike, from -1 to 2.

    It is the correlation of their layouts and the shared part of their hues.
    """
    return _likeness(_View.of(one), _View.of(other))


def _likeness(one: _View, other: _View) -> float:
    return _correlation(one.layout, other.layout) + float(np.minimum(one.hues, other.hues).sum())


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Pearson's correlation of two layouts: 1 if both are of one shade, 0 if one is."""
    flat = [float(layout.std()) < 1 for layout in (one, other)]
    if any(flat):
        return float(all(flat))
    return float((one * other).mean() / (one.std() * other.std()))
