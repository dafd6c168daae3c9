"""Parts of photos without a face: the pictures that come with scikit-image."""

from typing import Any, Final

import numpy as np
import skimage.data
from numpy.typing import NDArray

PICTURES: Any = skimage.data
FACELESS: Final = (
    *("brick", "cell", "chelsea", "clock", "coffee", "coins", "grass", "gravel", "horse"),
    *("hubble_deep_field", "immunohistochemistry", "moon", "page", "retina", "rocket", "text"),
)
TILES: Final = (128, 256)
"""Sides of the tiles, in pixels."""
Photo = NDArray[np.uint8]


def tiles() -> list[Photo]:
    """Return squares of the pictures without faces, side by side."""
    pictures = [_rgb(getattr(PICTURES, name)()) for name in FACELESS]
    pictures.append(_rgb(PICTURES.stereo_motorcycle()[0]))
    return [
        np.ascontiguousarray(picture[top : top + side, left : left + side])
        for side in TILES
        for picture in pictures
        for top in range(0, picture.shape[0] - side + 1, side)
        for left in range(0, picture.shape[1] - side + 1, side)
    ]


def _rgb(picture: NDArray[Any]) -> Photo:
    """Return a picture, which may be grey or black and white, as RGB."""
    pixels = picture.astype(np.uint8) * (255 if picture.dtype == np.bool_ else 1)
    return pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=-1)
