"""What an image file says of its picture: which way is up."""

import struct
import zlib
from typing import Final

from PIL import ExifTags, Image

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
"""What Pillow and libheif raise when the data is not what its header promised."""


def orientation(image: Image.Image, *, loaded: bool) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none that makes sense.

    Before loading, a PNG is asked only if its metadata came first: Pillow would decode it all
    in search of some behind the pixels.
    """
    early = {"exif", "Raw profile type exif", "XML:com.adobe.xmp"} & image.info.keys()
    if image.format == "PNG" and not loaded and not early:
        return 1
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except DECODER_ERRORS:
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1
