"""Covers drawn over the eyes or the mouth of a crop.

Crops are (48, 48) uint8 grey, framed as `ml.preprocessing` frames them, so eyes and mouth are where
`EYES` and `MOUTH` say. `covered` draws what teaches `ml.training.face_check`; `CHECKS` are other
covers, drawn otherwise, which only judge it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import cv2
import numpy as np
import skimage.data
from numpy.random import Generator
from numpy.typing import NDArray

Crop = NDArray[np.uint8]
Mask = NDArray[np.float32]
"""(48, 48), 1 where the cover is, 0 where the face is."""

SIDE: Final = 48
EYES: Final = (24.0, 19.3)
"""x and y of the middle between the eyes: of a crop's 48 pixels, 17 lie between eyes and mouth and
17 between the eyes (docs/decisions/0004-crop-framing.md)."""
MOUTH: Final = (24.0, 36.4)
EYE_REACH: Final = (13.0, 3.5)
"""Half the width and height that a cover has at least to hide both eyes."""
MOUTH_REACH: Final = (9.0, 4.0)
TEXTURES: Final = ("brick", "cell", "coins", "text", "grass", "moon")
OTHER_TEXTURES: Final = ("gravel", "page", "clock", "camera")
"""Never shown in training."""


@cache
def _picture(name: str) -> Crop:
    """Return one of scikit-image's pictures in grey."""
    pictures: Any = skimage.data
    picture = np.asarray(getattr(pictures, name)(), np.uint8)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    return np.asarray(grey, np.uint8)


def texture(names: tuple[str, ...], random: Generator) -> Crop:
    """Return a piece of one of these pictures, (48, 48)."""
    picture = _picture(str(random.choice(names)))
    side = int(random.integers(24, 160))
    top, left = (int(random.integers(0, length - side)) for length in picture.shape[:2])
    piece = np.ascontiguousarray(picture[top : top + side, left : left + side])
    return np.asarray(cv2.resize(piece, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _stripes(random: Generator) -> NDArray[np.float64]:
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    angle, length = random.uniform(0, np.pi), random.uniform(2.5, 16)
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / length)
    if random.random() < 0.3:
        wave = wave * np.sin((y * np.cos(angle) - x * np.sin(angle)) * 2 * np.pi / length)
    return np.asarray(random.uniform(0, 255) + wave * random.uniform(5, 90))


def _slope(random: Generator, level: float) -> NDArray[np.float64]:
    """Return light that changes over the cover, as on cloth or skin."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    bend = random.normal(0, 60, 3)
    return np.asarray(level + bend[0] * x + bend[1] * y + bend[2] * (x * x + y * y))


def _fill(crop: Crop, others: NDArray[np.uint8], random: Generator) -> NDArray[np.float64]:
    """Return a cover's look: even, shaded, striped, a texture, or a part of another face."""
    kind = random.random()
    if kind < 0.25:
        level = random.uniform(0, 255) if random.random() < 0.7 else float(random.choice([0, 255]))
        return np.full((SIDE, SIDE), level)
    if kind < 0.55:
        # As bright as skin: a hand, a mask of its colour.
        skin = float(np.median(crop)) + random.normal(0, 25)
        return _slope(random, skin if random.random() < 0.6 else random.uniform(0, 255))
    if kind < 0.7:
        return _stripes(random)
    if kind < 0.85:
        return texture(TEXTURES, random).astype(np.float64)
    other = others[int(random.integers(0, len(others)))]
    top, left = random.integers(0, 34, 2)
    piece = np.rot90(other[top : top + 14, left : left + 14], int(random.integers(1, 4)))
    grown = cv2.resize(np.ascontiguousarray(piece), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return grown.astype(np.float64)


def _blocks(crop: Crop, random: Generator) -> NDArray[np.float64]:
    """Return the face in large pixels."""
    few = int(random.integers(3, 7))
    small = cv2.resize(crop, (few, few), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST).astype(np.float64)


def _shape(
    centre: tuple[float, float], reach: tuple[float, float], random: Generator
) -> NDArray[np.uint8]:
    """Return a mask that hides at least `reach` around `centre`: box, ellipse, glasses, fingers."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    x, y = centre[0] + random.normal(0, 1), centre[1] + random.normal(0, 1)
    across = reach[0] * random.uniform(1.0, 1.8)
    down = reach[1] * random.uniform(1.0, 2.2)
    turn = random.normal(0, 6)
    kind = random.random()
    if kind < 0.45:
        box = cv2.boxPoints(((x, y), (2 * across, 2 * down), turn))
        cv2.fillPoly(mask, [np.round(box).astype(np.int32)], 1)
    elif kind < 0.75 or reach is not EYE_REACH:
        half = round(1.25 * across), round(1.25 * down)
        cv2.ellipse(mask, (round(x), round(y)), half, turn, 0, 360, 1, -1)
    else:
        half = round(random.uniform(5.5, 8)), round(random.uniform(4, 7))
        for side in (-8.5, 8.5):
            cv2.ellipse(mask, (round(x + side), round(y)), half, 0, 0, 360, 1, -1)
        mask[round(y) - 1 : round(y) + 1, round(x) - 8 : round(x) + 9] = 1
    if reach is MOUTH_REACH and random.random() < 0.35:
        # Masks, scarfs and hands go on to the chin and beyond.
        rows = np.arange(SIDE)[:, None] > y
        mask |= (rows & (np.abs(np.arange(SIDE) - x) < across * 1.2)).astype(np.uint8)
    if reach is EYE_REACH and random.random() < 0.2:
        mask |= (np.arange(SIDE)[:, None] < y).astype(np.uint8)
    return mask


def _aside(random: Generator) -> NDArray[np.uint8]:
    """Return a mask that leaves eyes and mouth free: on forehead or chin, or in a corner."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    x, y = ((24, 4), (3, 30), (45, 30), (24, 47), (4, 4), (44, 44))[int(random.integers(0, 6))]
    half = random.integers(2, 9), random.integers(2, 7)
    cv2.ellipse(mask, (x, y), (int(half[0]), int(half[1])), 0, 0, 360, 1, -1)
    return mask


def laid(crop: Crop, fill: NDArray[np.float64], mask: NDArray[np.uint8], soft: float = 0.0) -> Crop:
    """Return the crop with the fill where the mask is; its edge blurred by `soft` pixels."""
    share: Mask = mask.astype(np.float32)
    if soft > 0:
        share = np.asarray(cv2.GaussianBlur(share, (0, 0), soft), np.float32)
    mixed = share * fill + (1 - share) * crop
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


def covered(
    crop: Crop, places: tuple[bool, bool], others: NDArray[np.uint8], random: Generator
) -> Crop:
    """Return the crop with eyes, mouth or both covered; if neither, with a cover beside them.

    `others` (N, 48, 48) are faces of which a cover may show a part.
    """
    masks = [
        _shape(centre, reach, random)
        for centre, reach, hidden in zip(
            (EYES, MOUTH), (EYE_REACH, MOUTH_REACH), places, strict=True
        )
        if hidden
    ]
    result = crop
    for mask in masks or [_aside(random)]:
        blocks = masks and random.random() < 0.06
        fill = _blocks(crop, random) if blocks else _fill(crop, others, random)
        fill = fill + random.normal(0, random.choice([0, 0, 3, 10]), fill.shape)
        result = laid(result, fill, mask, float(random.choice([0, 0.6, 1.2])))
    return result


def _band(top: int, bottom: int, left: int = 8, right: int = 40) -> NDArray[np.uint8]:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


def _bean(centre: tuple[float, float], half: tuple[int, int]) -> NDArray[np.uint8]:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    return np.asarray(
        cv2.ellipse(mask, (round(centre[0]), round(centre[1])), half, 0, 0, 360, 1, -1), np.uint8
    )


def _fingers(random: Generator, top: int, count: int = 4) -> tuple[Any, NDArray[np.uint8]]:
    """Return bars of skin with dark lines between, from `top` down, like a hand on a mouth."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    shade = np.zeros((SIDE, SIDE))
    for at in range(count):
        y = top + 5 * at
        cv2.line(mask, (10, y), (36 + int(random.integers(0, 3)), y), 1, 5)
        shade[min(y + 2, SIDE - 1)] = -45
    return shade, mask


def _skin(crop: Crop) -> float:
    """Return the grey of the cheeks."""
    return float(np.median(crop[24:32, 10:38]))


Check = Callable[[Crop, Generator], Crop]


def _even(level: float | None, mask: NDArray[np.uint8]) -> Check:
    def lay(crop: Crop, random: Generator) -> Crop:
        grey = _skin(crop) if level is None else level
        return laid(crop, np.full(crop.shape, grey), mask, 0.4)

    return lay


def _textured(mask: NDArray[np.uint8]) -> Check:
    def lay(crop: Crop, random: Generator) -> Crop:
        return laid(crop, texture(OTHER_TEXTURES, random).astype(np.float64), mask, 0.4)

    return lay


def _hand(crop: Crop, random: Generator) -> Crop:
    shade, mask = _fingers(random, 30)
    return laid(crop, _skin(crop) + shade, mask, 0.5)


_LOWER: Final = _band(29, 48, 4, 44)
_UPPER: Final = _band(13, 25, 4, 44)
_GLASSES: Final = (
    _bean((15.5, 20), (7, 6)) | _bean((32.5, 20), (7, 6)) | _band(18, 20, 14, 34)
).astype(np.uint8)

CHECKS: Final[dict[str, dict[str, Check]]] = {
    "eyes": {
        "black bar": _even(0, _UPPER),
        "white bar": _even(255, _UPPER),
        "grey bar": _even(128, _UPPER),
        "skin bar": _even(None, _UPPER),
        "sunglasses": _even(18, _GLASSES),
        "cloth": _textured(_UPPER),
    },
    "mouth": {
        "black bar": _even(0, _band(31, 43)),
        "white mask": _even(240, _LOWER),
        "blue mask": _even(150, _LOWER),
        "grey bar": _even(128, _band(31, 43)),
        "skin bar": _even(None, _band(31, 43)),
        "skin oval": _even(None, _bean(MOUTH, (12, 7))),
        "scarf": _textured(_LOWER),
        "hand": _hand,
    },
}
"""Part → cover → how it is drawn."""
