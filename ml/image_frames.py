"""Selects the frame that stands for an animation: the first that shows something."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.image_metadata import DECODER_ERRORS, orientation
from ml.image_pixels import rgb, upright
from ml.image_structure import unpacked_pixels
from ml.image_tiffs import correct_tiles

ANIMATED: Final = ("GIF", "PNG", "WEBP", "AVIF", "TIFF")
"""Formats whose frames or pages form a sequence. Further pictures in a JPEG are no sequence."""

MIN_SPREAD: Final = 8.0
"""Least standard deviation of grey levels, 0 to 255, of a frame that shows something. Black frames,
empty canvases and the start of a fade have less."""

MAX_FRAMES_READ: Final = 100
MAX_PIXELS_READ: Final = 200_000_000
"""Both bound the search to some seconds."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Upright pixels (H, W, 3) uint8 RGB, and the index of their frame.

    `number` is None where the file has only one picture.
    """

    pixels: NDArray[np.uint8]
    number: int | None


def telling_frame(image: Image.Image, max_pixels: int) -> Frame:
    """Return the first frame of a loaded image that shows something, else that of most contrast.

    A later frame that is damaged, or larger than `max_pixels`, ends the search.
    """
    frame = Frame(_pixels(image), 0 if _has_more(image) else None)
    if frame.number is None:
        return frame
    best, spread = frame, _spread(frame.pixels)
    number = 1
    read = frame.pixels.size // 3
    while spread < MIN_SPREAD and number < MAX_FRAMES_READ:
        try:
            image.seek(number)
            size = unpacked_pixels(image)
            read += size
            if not 0 < size <= max_pixels or read > MAX_PIXELS_READ:
                break
            correct_tiles(image)
            image.load()
            frame = Frame(_pixels(image), number)
        except DECODER_ERRORS:
            break
        if (found := _spread(frame.pixels)) > spread:
            best, spread = frame, found
        number += 1
    return best


def _has_more(image: Image.Image) -> bool:
    try:
        return image.format in ANIMATED and bool(getattr(image, "is_animated", False))
    except DECODER_ERRORS:
        return False


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    # Call it on loaded images: loading turns a TIFF and drops its orientation.
    return upright(rgb(image), orientation(image, loaded=True))


def _spread(pixels: NDArray[np.uint8]) -> float:
    step = max(1, max(pixels.shape[:2]) // 512)
    return float(pixels[::step, ::step].mean(axis=2).std())
