"""Pixels of a loaded image → (H, W, 3) uint8 sRGB, whatever it was stored as."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.image_colours import in_srgb, lab_in_srgb

LEVELS: Final = (1.0, 255.0, 65535.0)
"""What white may be in a file that does not say so."""


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an orientation of the EXIF standard (CIPA DC-008, tag 274)."""
    if orientation in (2, 4, 5, 7):
        pixels = pixels[:, ::-1]
    turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(pixels, turns))


def rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels of a loaded image as (H, W, 3) uint8 sRGB, in the order they are stored.

    Transparency becomes white. May change the pixels of `image`.
    """
    drawn = in_srgb(_plain(image), image)
    if drawn.mode == "RGBA":
        white = Image.new("RGBA", drawn.size, "white")
        drawn = Image.alpha_composite(white, drawn)
    return np.asarray(drawn if drawn.mode == "RGB" else drawn.convert("RGB"))


def _plain(image: Image.Image) -> Image.Image:
    """The same pixels in a mode that profiles are made for: L, RGB, RGBA or CMYK."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(np.asarray(image)))
    if image.mode == "LAB":
        return lab_in_srgb(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Deep grey levels scaled to [0, 255].

    Unsigned 16-bit values map from their whole range, other types from the range they seem to have.
    """
    numbers = np.nan_to_num(values.astype(np.float32), posinf=np.inf, neginf=-np.inf)
    low, high = (0.0, 65535.0) if values.dtype.kind == "u" else _range(numbers, values.dtype.kind)
    scaled = (np.clip(numbers, low, high) - low) * np.float32(255 / max(high - low, 1e-12))
    rounded: NDArray[np.uint8] = np.rint(scaled).astype(np.uint8)
    return rounded


def _range(numbers: NDArray[np.float32], kind: str) -> tuple[float, float]:
    """Black and white of levels that do not say it.

    Black is 0, and white the first of `LEVELS` that holds all whole numbers, or half of the
    positive floating-point ones: above it are highlights, and below 0 the ringing of a filter,
    which are clipped. Where that much is negative that 0 cannot be black, it is all that occurs.
    """
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return 0.0, 1.0
    least, most = float(finite.min()), float(finite.max())
    positive = finite[finite > 0]
    if kind == "f" and positive.size:
        usual = float(np.median(positive))
        white = next((level for level in LEVELS if usual <= level), None)
        darkest = float(np.percentile(finite, 1))
        if white is not None and darkest >= -0.05 * min(white, most):
            return 0.0, white
    elif least >= 0:
        levels = LEVELS if kind == "f" else LEVELS[1:]
        white = next((level for level in levels if most <= level), None)
        if white is not None:
            return 0.0, white
    return least, most
