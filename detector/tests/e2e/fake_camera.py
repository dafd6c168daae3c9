"""A camera for Chromium: moving pictures that are made from photos."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

from detector.tests.e2e.pictures import Pixels

SIZE: Final = (480, 360)
"""Width and height. Half as large faces are seen as clearly, in half of the time."""
ZOOM: Final = 1.25
"""How much larger than the picture a photo is, so that there is room to pan."""


def pan(photo: Pixels, frames: int, size: tuple[int, int] = SIZE) -> Iterator[Pixels]:
    """Yield pictures that move over the photo from left to right."""
    scale = ZOOM * max(size[0] / photo.shape[1], size[1] / photo.shape[0])
    whole = round(photo.shape[1] * scale), round(photo.shape[0] * scale)
    large = cv2.resize(photo, whole, interpolation=cv2.INTER_AREA)
    room = large.shape[1] - size[0]
    top = round((large.shape[0] - size[1]) * 0.2)
    for number in range(frames):
        left = round(room * (0.3 + 0.4 * number / max(frames - 1, 1)))
        yield np.asarray(large[top : top + size[1], left : left + size[0]], np.uint8)


def write(path: Path, pictures: Iterable[Pixels]) -> Path:
    """Write a Motion JPEG, which Chromium plays as a camera, over and over."""
    with path.open("wb") as file:
        for picture in pictures:
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, "JPEG", quality=92)
            file.write(buffer.getvalue())
    return path
