"""Converts a loaded image to sRGB, by the colour profile of its file.

Networks and browsers read plain RGB as sRGB (IEC 61966-2-1). Without its profile a photo in Display
P3 or Adobe RGB looks pale, and one in ProPhoto RGB looks green.
"""

import io
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import ExifTags, Image, ImageCms

from ml.colour_profile import rgb_profile
from ml.image_metadata import DECODER_ERRORS

MAX_PROFILE_BYTES: Final = 4 * 2**20
"""The largest profiles in use belong to printing presses and have some 3 MB."""

INVISIBLE: Final = 2
"""Levels of 255 by which a profile may change any colour and still count as sRGB."""

MODES: Final = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}
"""Colour space of a profile → Pillow's mode of the pixels that it applies to."""

ADOBE_RGB: Final = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.3290)
ADOBE_GAMMA: Final = 563 / 256
"""Chromaticities x and y of red, green, blue and white (Adobe RGB (1998), 4.3)."""

SRGB_PRIMARIES: Final = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)

_PROFILE_ERRORS: Final = (*DECODER_ERRORS, ImageCms.PyCMSError)


def in_srgb(image: Image.Image, source: Image.Image) -> Image.Image:
    """Convert an image of mode L, RGB, RGBA or CMYK to sRGB. Unchanged where no profile fits.

    The profile is that of `source`, the opened file. A broken profile is ignored, as browsers do.
    """
    try:
        profile = _profile(source)
        if not profile or len(profile) > MAX_PROFILE_BYTES:
            return image
        transform = _transform(profile, image.mode)
        if transform is None:
            return image
        in_place = image.mode in ("RGB", "RGBA")
        changed = ImageCms.applyTransform(image, transform, inPlace=in_place)
        return image if changed is None else changed
    except _PROFILE_ERRORS:
        return image


def lab_in_srgb(image: Image.Image) -> Image.Image:
    """Convert an image of mode LAB, which TIFFs may have, to sRGB."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
    return ImageCms.applyTransform(image, transform) or image


@lru_cache(maxsize=4)
def _transform(content: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the transform of a mode's pixels to sRGB.

    Returns None where the profile is for another mode, or changes no colour visibly. Cached, since
    photos of one camera have the same profile.
    """
    profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
    if MODES.get(profile.profile.xcolor_space.strip()) != mode.removesuffix("A"):
        return None
    target = "RGBA" if mode == "RGBA" else "RGB"
    srgb = ImageCms.createProfile("sRGB")
    if mode in ("RGB", "RGBA"):
        plain = ImageCms.buildTransform(profile, srgb, "RGB", "RGB")
        if _changes_nothing(plain):
            return None
    return ImageCms.buildTransform(profile, srgb, mode, target)


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    changed = ImageCms.applyTransform(Image.fromarray(grid), transform)
    difference = np.asarray(changed).astype(int) - grid
    return int(np.abs(difference).max()) <= INVISIBLE


def _profile(image: Image.Image) -> bytes | None:
    """Return the ICC profile of a file, or one made from its other colour metadata."""
    profile = image.info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        return profile
    if image.format == "PNG":
        return _png_profile(image)
    return rgb_profile(ADOBE_RGB, ADOBE_GAMMA) if _is_adobe_rgb(image) else None


def _png_profile(image: Image.Image) -> bytes | None:
    """Return a profile of the chunks gAMA and cHRM, which an sRGB chunk overrides (PNG, 4.3)."""
    gamma, primaries = image.info.get("gamma"), image.info.get("chromaticity")
    if "srgb" in image.info or not isinstance(gamma, float) or not 0.1 <= gamma <= 2:
        return None
    # The file stores white first.
    ordered = (*primaries[2:8], *primaries[:2]) if primaries else SRGB_PRIMARIES
    return rgb_profile(ordered, 1 / gamma)


def _is_adobe_rgb(image: Image.Image) -> bool:
    """Return whether EXIF alone says Adobe RGB: DCF's optional colour space (CP-3461, R03)."""
    try:
        related = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.IFD.Interop)
        interop = image.getexif().get_ifd(ExifTags.IFD.Interop) if related else {}
    except DECODER_ERRORS:
        return False
    index = interop.get(ExifTags.Interop.InteropIndex)
    return str(index).strip("\0 ") == "R03"
