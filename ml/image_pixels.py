"""Converts loaded images of any mode to (H, W, 3) uint8 sRGB, scales them and writes JPEGs."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from ml import image_tiffs
from ml.image_colours import in_srgb, lab_in_srgb

LEVELS: Final = (1.0, 255.0, 65535.0)
"""Values that white may have in a file that does not state it."""
SIGNED_LEVELS: Final = (255.0, 32767.0)
"""The same for signed 16-bit numbers."""
ROWS: Final = 128
"""Rows of an image that are copied at a time."""


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an orientation of the EXIF standard (CIPA DC-008, tag 274)."""
    if orientation in (2, 4, 5, 7):
        pixels = pixels[:, ::-1]
    turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(pixels, turns))


def shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Shrink (H, W, 3) uint8 to a long side of `side` pixels by averaging; smaller ones stay."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    return pixels if scale >= 1 else averaged(pixels, scale)


def averaged(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Scale both sides of (H, W, 3) uint8 by `scale`, at most 1, by averaging.

    Halves the pixels while it can: that takes a fifth of the time that other factors take.
    """
    # Imported only here, since the web server needs no OpenCV.
    import cv2

    height, width = pixels.shape[:2]
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    while _can_be_halved(pixels, size):
        half = pixels.shape[1] // 2, pixels.shape[0] // 2
        pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _can_be_halved(pixels: NDArray[np.uint8], size: tuple[int, int]) -> bool:
    height, width = pixels.shape[:2]
    is_even = width % 2 == 0 and height % 2 == 0
    return bool(is_even and width >= 2 * size[0] and height >= 2 * size[1])


def jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """Encode (H, W, 3) uint8 RGB as JPEG with all its colours (4:4:4), quality 1 to 100.

    The bytes are those of Pillow, which copies the pixels twice before it begins. Raises ValueError
    where a side is longer than JPEG allows.
    """
    import cv2

    options = [
        *(cv2.IMWRITE_JPEG_QUALITY, quality),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    ]
    is_written, encoded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    if not is_written:
        raise ValueError(f"{pixels.shape} pixels cannot be written as JPEG")
    return encoded.tobytes()


def rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Return the pixels of a loaded image as (H, W, 3) uint8 sRGB, in stored orientation.

    Transparency becomes white. May change the pixels of `image`.
    """
    drawn = in_srgb(_plain(image), image)
    if drawn.mode == "RGBA" and not _is_unused_alpha(drawn, image):
        white = Image.new("RGBA", drawn.size, "white")
        drawn = Image.alpha_composite(white, drawn)
    return _copied(drawn if drawn.mode == "RGB" else drawn.convert("RGB"))


def _is_unused_alpha(drawn: Image.Image, source: Image.Image) -> bool:
    """Return whether the alpha of a BMP is 0 everywhere: programs that know none leave it so."""
    return source.format == "BMP" and drawn.getextrema()[-1] == (0, 0)


def _copied(image: Image.Image) -> NDArray[np.uint8]:
    """Copy an RGB image, some rows at a time: `np.asarray` would need the memory of two copies."""
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, ROWS):
        bottom = min(top + ROWS, image.height)
        pixels[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return pixels


def _plain(image: Image.Image) -> Image.Image:
    """Convert to a mode that colour profiles apply to: L, RGB, RGBA or CMYK."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        levels = _eight_bits(image_tiffs.numbers(image), image_tiffs.white(image))
        return Image.fromarray(255 - levels if _begins_with_white(image) else levels)
    if image.mode == "LAB":
        return lab_in_srgb(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _begins_with_white(image: Image.Image) -> bool:
    """Return whether 0 is white in a TIFF, as in scans: Pillow turns only 8 bits or fewer."""
    tags: Any = getattr(image, "tag_v2", {})
    return image.mode != "F" and tags.get(ExifTags.Base.PhotometricInterpretation) == 0


def _eight_bits(values: NDArray[np.generic], white: float) -> NDArray[np.uint8]:
    """Scale grey levels of more than 8 bits to [0, 255].

    Unsigned 16-bit values are scaled from 0 to `white`, other types from an estimated range.
    """
    numbers = np.nan_to_num(values.astype(np.float32), posinf=np.inf, neginf=-np.inf)
    is_stated = values.dtype.kind == "u" and values.dtype.itemsize == 2
    low, high = (0.0, white) if is_stated else _range(numbers, values.dtype)
    scaled = (np.clip(numbers, low, high) - low) * np.float32(255 / max(high - low, 1e-12))
    rounded: NDArray[np.uint8] = np.rint(scaled).astype(np.uint8)
    return rounded


def _range(numbers: NDArray[np.float32], dtype: np.dtype[Any]) -> tuple[float, float]:
    """Estimate the levels of black and white, which the file does not state.

    Black is 0. White is the first of `LEVELS` that is at least every integer level, or at least the
    median of the positive floating-point levels; highlights above it and the ringing of filters
    below 0 are clipped. Where too many levels are negative for black to be 0, the range is that of
    all levels.
    """
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return 0.0, 1.0
    least, most = float(finite.min()), float(finite.max())
    positive = finite[finite > 0]
    if dtype.kind == "f" and positive.size:
        usual = float(np.median(positive))
        white = next((level for level in LEVELS if usual <= level), None)
        darkest = float(np.percentile(finite, 1))
        if white is not None and darkest >= -0.05 * min(white, most):
            return 0.0, white
    elif least >= 0:
        levels = LEVELS if dtype.kind == "f" else LEVELS[1:]
        levels = SIGNED_LEVELS if dtype == np.int16 else levels
        white = next((level for level in levels if most <= level), None)
        if white is not None:
            return 0.0, white
    return least, most
