"""Reads the orientation of an image file, bounds its metadata, and lists the errors of decoders."""

import struct
import zlib
from typing import Final

from PIL import ExifTags, Image, PngImagePlugin

PngImagePlugin.MAX_TEXT_CHUNK = 16 * 2**20
"""Pillow refuses a PNG with a compressed text or colour profile that unpacks to more. By default
that is 1 MB, but profiles of printers and what programs write about their work have more. Texts of
one file still have 64 MB at most."""

DECODER_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""Errors that Pillow and libheif raise for damaged data."""


def orientation(image: Image.Image, *, loaded: bool) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where it is missing or invalid.

    Before loading, a PNG's orientation is read only if its metadata precedes the pixels: else
    Pillow would decode the whole file to look for metadata behind them.
    """
    early = {"exif", "Raw profile type exif", "XML:com.adobe.xmp"} & image.info.keys()
    if image.format == "PNG" and not loaded and not early:
        return 1
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except DECODER_ERRORS:
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1
