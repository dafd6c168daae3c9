"""Pixels of a loaded image → (H, W, 3) uint8 RGB, whatever it was stored as."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an orientation of the EXIF standard (CIPA DC-008, tag 274)."""
    if orientation in (2, 4, 5, 7):
        pixels = pixels[:, ::-1]
    turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(pixels, turns))


def rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels of a loaded image as (H, W, 3) uint8, in the order they are stored."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        grey = _eight_bits(np.asarray(image))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        drawn = image.convert("RGBA")
        white = Image.new("RGBA", drawn.size, "white")
        image = Image.alpha_composite(white, drawn)
    return np.asarray(image.convert("RGB"))


def _eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Deep grey levels scaled to [0, 255].

    Unsigned 16-bit values map from their whole range. Wider types do not say their range: it is
    taken as 1, 255 or 65535, whichever is the first that holds all values, else as what occurs.
    """
    numbers = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = 0.0, 65535.0
    if values.dtype.kind != "u":
        least, most = float(numbers.min()), float(numbers.max())
        ranges = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
        fitting = [top for top in ranges if least >= 0 and most <= top]
        low, high = (0.0, fitting[0]) if fitting else (least, most)
    scaled = (numbers - low) * (255 / max(high - low, 1e-12))
    return np.rint(scaled).astype(np.uint8)
