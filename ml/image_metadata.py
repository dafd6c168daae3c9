"""What an image file says of its picture: which way is up, and when it was taken."""

import re
import struct
import zlib
from datetime import datetime, timedelta, timezone
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
EARLIEST_YEAR: Final = 1900
"""A capture time before that is a camera without a clock."""


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


def captured_at(image: Image.Image) -> datetime | None:
    """EXIF's DateTimeOriginal; aware where the offset is given, None where it makes no sense."""
    try:
        exif = image.getexif().get_ifd(ExifTags.IFD.Exif)
        taken = _text(exif.get(ExifTags.Base.DateTimeOriginal))
        moment = datetime.strptime(taken, "%Y:%m:%d %H:%M:%S")
        if moment.year < EARLIEST_YEAR:
            return None
        offset = _text(exif.get(ExifTags.Base.OffsetTimeOriginal))
        return moment.replace(tzinfo=_zone(offset))
    except DECODER_ERRORS:
        return None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip("\0 ") if isinstance(value, str) else ""


def _zone(offset: str) -> timezone | None:
    """The zone of EXIF's "+02:00"; None where it is missing or unclear."""
    found = re.fullmatch(r"([+-])(\d\d):([0-5]\d)", offset)
    if found is None or int(found[2]) > 14:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
