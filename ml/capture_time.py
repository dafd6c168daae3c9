"""Read and write the capture time of a picture: EXIF first, then XMP, then a PNG's text."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final

from PIL import ExifTags, Image

from ml.image_metadata import DECODER_ERRORS

EARLIEST_YEAR: Final = 1900
"""An earlier capture time comes from a camera whose clock is wrong."""

CLOCK_STARTS: Final = frozenset(
    {
        date(1904, 1, 1),  # QuickTime and the first Macintosh
        date(1969, 12, 31),  # Unix, seen from the west
        date(1970, 1, 1),  # Unix
        date(1980, 1, 1),  # FAT, and most cameras after their battery was empty
    }
)
"""Days at which clocks of computers and cameras start: such a time was never set."""

RESET_MINUTE: Final = datetime(2000, 1, 1)
"""Another start of camera clocks. People do take photos on that day, so only its first minute is
taken for a clock that was not set."""

LEAP_SECOND: Final = 60
"""Phones that take their time from satellites may name one, which Python's clock does not have."""

EXIF_TAGS: Final = (
    (
        ExifTags.Base.DateTimeOriginal,
        ExifTags.Base.SubsecTimeOriginal,
        ExifTags.Base.OffsetTimeOriginal,
    ),
    (
        ExifTags.Base.DateTimeDigitized,
        ExifTags.Base.SubsecTimeDigitized,
        ExifTags.Base.OffsetTimeDigitized,
    ),
    (ExifTags.Base.DateTime, ExifTags.Base.SubsecTime, ExifTags.Base.OffsetTime),
)
"""Tags of moment, fraction and offset, best first: taken, digitised, changed (CIPA DC-008)."""

MAX_XMP_BYTES: Final = 512 * 2**10
_XMP: Final = tuple(
    re.compile(name + rb"(?:\s*=\s*[\"']|\s*>)\s*([0-9][0-9T:.+\-Z ]{8,40})")
    for name in (rb"exif:DateTimeOriginal", rb"photoshop:DateCreated", rb"xmp:CreateDate")
)
PNG_TEXTS: Final = ("exif:DateTimeOriginal", "Creation Time", "exif:DateTime")

_MOMENT: Final = re.compile(
    r"(\d{4})[:/.-](\d\d?)[:/.-](\d\d?)"
    r"(?:[T ]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d)?)?"
)


def captured_at(image: Image.Image) -> datetime | None:
    """Return the first plausible moment; aware where an offset is given, else naive."""
    for text, fraction, offset in _candidates(image):
        moment = parsed(text, fraction, offset)
        if moment is not None:
            return moment
    return None


def parsed(text: str, fraction: str = "", offset: str = "") -> datetime | None:
    """Parse a moment as EXIF or ISO 8601 writes it. Returns None where it is not plausible.

    `fraction` holds the decimal digits of the second and `offset` the zone, for formats that store
    them apart. Digits and zone within `text` take precedence.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, digits, zone = found.groups()
    numbers = [int(number or 0) for number in (year, month, day, hour, minute, second)]
    if numbers[-1] == LEAP_SECOND:
        numbers[-1] -= 1
    try:
        moment = datetime(*numbers)  # type: ignore[arg-type]  # six numbers
    except ValueError:
        return None
    if not _is_plausible(moment):
        return None
    microseconds = int((digits or _digits(fraction)).ljust(6, "0")[:6])
    return moment.replace(microsecond=microseconds, tzinfo=_zone(zone or offset))


def capture_time_segment(moment: datetime | None, zone: tzinfo) -> bytes:
    """Return a JPEG's EXIF segment, to follow its start marker, with the capture time alone.

    The moment is written in local time of `zone` with its offset, as cameras do. Empty for None.
    """
    if moment is None:
        return b""
    local = moment.astimezone(zone)
    offset = local.strftime("%z")
    exif = Image.Exif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = local.strftime("%Y:%m:%d %H:%M:%S")
    details[ExifTags.Base.OffsetTimeOriginal] = f"{offset[:3]}:{offset[3:5]}"
    if local.microsecond:
        details[ExifTags.Base.SubsecTimeOriginal] = f"{local.microsecond:06}"
    content = exif.tobytes()
    return b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content


def _candidates(image: Image.Image) -> Iterator[tuple[str, str, str]]:
    """Yield text, fraction and offset from each place that may hold the time, best first."""
    try:
        exif = image.getexif()
        # Some programs write these tags into the main directory, others into Exif's.
        details = {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except DECODER_ERRORS:
        details = {}
    for tags in EXIF_TAGS:
        text, fraction, offset = (_text(details.get(tag)) for tag in tags)
        yield text, fraction, offset
    xmp = _bytes(image.info.get("xmp"))[:MAX_XMP_BYTES]
    for pattern in _XMP:
        if found := pattern.search(xmp):
            yield found[1].decode("ascii", "replace").strip(), "", ""
    if image.format == "PNG":
        for name in PNG_TEXTS:
            yield _text(image.info.get(name)), "", ""


def _is_plausible(moment: datetime) -> bool:
    if moment.year < EARLIEST_YEAR or moment.date() in CLOCK_STARTS:
        return False
    return moment.replace(second=0) != RESET_MINUTE


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip("\0 \t\r\n") if isinstance(value, str) else ""


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return value if isinstance(value, bytes) else b""


def _digits(fraction: str) -> str:
    return fraction if fraction.isascii() and fraction.isdigit() else ""


def _zone(offset: str) -> timezone | None:
    """Return the zone of "+02:00", "+0200" or "Z"; None where it is missing or unclear."""
    if offset == "Z":
        return UTC
    found = re.fullmatch(r"([+-])(\d\d):?([0-5]\d)", offset)
    if found is None or int(found[2]) > 14:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
