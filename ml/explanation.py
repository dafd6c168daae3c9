"""What in a face decides its emotion: occlusion sensitivity.

Grey patches are laid over the crop in turn; where the emotion's odds fall, the network looked
(Zeiler & Fergus 2013, arXiv:1311.2901). It needs nothing but the served network itself.
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
"""Pixels of a patch's side: about an eye or half a mouth."""
STEP: Final = 6
MIN_PROBABILITY: Final = 1e-6
"""Keeps the odds of a certain answer finite."""

PICTURE_SIZE: Final = 240
FULL_COLOUR: Final = 1.0
"""Nats from which on a colour is full, where nothing in the face moves the odds by more: a map of
next to nothing must not look like one of much."""
MAX_COLOUR: Final = 0.6
"""Of a pixel; the rest stays the face."""
FOR, AGAINST = (232, 89, 12), (28, 126, 214)
"""Orange and blue, RGB: told apart by the colour-blind too."""

Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Crops (N, 48, 48) uint8 → probabilities (N, 7)."""


def occlusion_map(classify: Classify, crop: NDArray[np.uint8], emotion: int) -> NDArray[np.float32]:
    """By how much covering a pixel lowers the log-odds of `emotion`: (48, 48), in nats.

    crop (48, 48) uint8; `emotion` is an index into `ml.labels.EMOTIONS`. Negative where something
    speaks against the emotion. Odds, since a probability near 1 hardly moves. Each pixel has the
    mean of the patches that cover it; 50 crops pass the network. Raises ValueError for another
    shape or type.
    """
    check_crops(crop[None])
    patches = _patches()
    covered = np.where(patches, np.uint8(round(float(crop.mean()))), crop)
    odds = _log_odds(classify(np.concatenate([crop[None], covered]))[:, emotion])
    total = np.tensordot(odds[0] - odds[1:], patches, axes=1)
    return np.asarray(total / patches.sum(axis=0), np.float32)


def picture(crop: NDArray[np.uint8], relevance: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The crop with its map over it: (240, 240, 3) uint8 RGB.

    crop (48, 48) uint8, relevance (48, 48) in nats as `occlusion_map` gives it. Orange is what
    speaks for the emotion, blue what speaks against it, the fuller the more.
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
    """(49, 48, 48): which pixels each patch covers."""
    starts = range(0, CROP_SIZE - PATCH + 1, STEP)
    masks = np.zeros((len(starts) ** 2, CROP_SIZE, CROP_SIZE), np.bool_)
    corners = [(top, left) for top in starts for left in starts]
    for mask, (top, left) in zip(masks, corners, strict=True):
        mask[top : top + PATCH, left : left + PATCH] = True
    return masks
