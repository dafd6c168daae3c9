"""Occlusion sensitivity: which parts of a face its predicted emotion depends on.

A grey patch covers one part of the crop after another. Where the emotion's log-odds fall, that part
spoke for it (Zeiler & Fergus 2013, arXiv:1311.2901). Only the served network is needed.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.classifier import check_crops
from ml.preprocessing import CROP_SIZE

PATCH: Final = 12
"""Side of a patch in pixels: about an eye or half a mouth."""
STEP: Final = 6
MIN_PROBABILITY: Final = 1e-6
"""Keeps the log-odds finite where a probability is 0 or 1."""

PICTURE_SIZE: Final = 240
FULL_COLOUR: Final = 1.0
"""Least change in nats that is drawn in full colour, so that weak maps look weak."""
MAX_COLOUR: Final = 0.6
"""Largest share of colour in a pixel; the rest is the face."""
FOR, AGAINST = (232, 89, 12), (28, 126, 214)
"""Orange and blue, RGB; colour-blind people can tell them apart."""

Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Crops (N, 48, 48) uint8 → probabilities (N, 7)."""


def occlusion_map(classify: Classify, crop: NDArray[np.uint8], emotion: int) -> NDArray[np.float32]:
    """Return by how much covering each pixel lowers the log-odds of `emotion`: (48, 48), in nats.

    crop: (48, 48) uint8; `emotion` is an index into `ml.labels.EMOTIONS`. Values are negative where
    a part speaks against the emotion. Log-odds are used because a probability near 1 hardly
    changes. A pixel gets the mean of all patches that cover it; the network classifies 50 crops.
    Raises ValueError for another shape or type.
    """
    check_crops(crop[None])
    patches = _patches()
    covered = np.where(patches, np.uint8(round(float(crop.mean()))), crop)
    odds = _log_odds(classify(np.concatenate([crop[None], covered]))[:, emotion])
    total = np.tensordot(odds[0] - odds[1:], patches, axes=1)
    return np.asarray(total / patches.sum(axis=0), np.float32)


def picture(crop: NDArray[np.uint8], relevance: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Draw the map over the crop: (240, 240, 3) uint8 RGB.

    crop: (48, 48) uint8; relevance: (48, 48) in nats from `occlusion_map`. Orange parts speak for
    the emotion, blue ones against it; stronger colour means more.
    """
    size = (PICTURE_SIZE, PICTURE_SIZE)
    grey = cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    smooth = cv2.resize(relevance.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    strength = smooth / max(float(np.abs(relevance).max()), FULL_COLOUR)
    share = (MAX_COLOUR * np.clip(np.abs(strength), 0, 1))[..., None]
    colour = np.where(strength[..., None] >= 0, _array(FOR), _array(AGAINST))
    return np.asarray(np.rint(grey[..., None] * (1 - share) + colour * share), np.uint8)


def _array(colour: tuple[int, int, int]) -> NDArray[np.float32]:
    return np.array(colour, np.float32)


def _log_odds(probability: NDArray[np.float32]) -> NDArray[np.float64]:
    bounded = np.clip(probability.astype(np.float64), MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.asarray(np.log(bounded / (1 - bounded)))


@cache
def _patches() -> NDArray[np.bool_]:
    """Return (49, 48, 48): the mask of each patch."""
    starts = range(0, CROP_SIZE - PATCH + 1, STEP)
    masks = np.zeros((len(starts) ** 2, CROP_SIZE, CROP_SIZE), np.bool_)
    corners = [(top, left) for top in starts for left in starts]
    for mask, (top, left) in zip(masks, corners, strict=True):
        mask[top : top + PATCH, left : left + PATCH] = True
    return masks
