"""The capture time is read from wherever the file states it."""

import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from ml import images
from ml.capture_time import capture_time_segment, parsed
from ml.tests.files import saved

Tag = ExifTags.Base
TAKEN = datetime(2021, 5, 3, 12, 0, 0)
BERLIN = timezone(timedelta(hours=2))


def jpeg(main: dict[int, str] | None = None, details: dict[int, str] | None = None) -> io.BytesIO:
    exif = Image.Exif()
    for tag, text in (main or {}).items():
        exif[tag] = text
    for tag, text in (details or {}).items():
        exif.get_ifd(ExifTags.IFD.Exif)[tag] = text
    return saved(Image.new("RGB", (8, 8)), "JPEG", exif=exif)


@pytest.mark.parametrize(
    ("main", "details", "expected"),
    [
        ({Tag.DateTime: "2021:05:03 12:00:00"}, {}, TAKEN),
        ({}, {Tag.DateTimeDigitized: "2021:05:03 12:00:00"}, TAKEN),
        (
            {Tag.DateTime: "2023:01:01 01:01:01"},
            {Tag.DateTimeOriginal: "2021:05:03 12:00:00", Tag.SubsecTimeOriginal: "25"},
            TAKEN.replace(microsecond=250_000),
        ),
        (
            {},
            {Tag.DateTimeDigitized: "2021:05:03 12:00:00", Tag.OffsetTimeDigitized: "+02:00",
             Tag.OffsetTimeOriginal: "-09:00"},
            TAKEN.replace(tzinfo=BERLIN),
        ),
        (
            {Tag.DateTime: "2021:05:03 12:00:00"}, {Tag.OffsetTime: "+02:00"},
            TAKEN.replace(tzinfo=BERLIN),
        ),
        (
            {Tag.DateTime: "2021:05:03 12:00:00"}, {Tag.DateTimeOriginal: "0000:00:00 00:00:00"},
            TAKEN,
        ),
        # Some write it into the main directory.
        ({Tag.DateTimeOriginal: "2021:05:03 12:00:00"}, {}, TAKEN),
        ({}, {}, None),
    ],
)  # fmt: skip
def test_tags(main: dict[int, str], details: dict[int, str], expected: datetime | None) -> None:
    found = images.decode(jpeg(main, details)).captured_at
    assert found == expected
    assert found is None or found.utcoffset() == (expected and expected.utcoffset())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021:05:03 12:00:00", TAKEN),
        ("2021-05-03 12:00:00", TAKEN),
        ("2021/05/03 12:00:00", TAKEN),
        ("2021:05:03 12:00", TAKEN),
        ("2021-05-03T12:00:00+02:00", TAKEN.replace(tzinfo=BERLIN)),
        ("2021-05-03T12:00:00+0200", TAKEN.replace(tzinfo=BERLIN)),
        ("2021-05-03T12:00:00.5Z", TAKEN.replace(tzinfo=UTC, microsecond=500_000)),
        ("2021:05:03", datetime(2021, 5, 3)),
        ("2016:12:31 23:59:60", datetime(2016, 12, 31, 23, 59, 59)),
        ("1965:08:14 10:00:00", datetime(1965, 8, 14, 10)),
        ("2000:01:01 12:30:00", datetime(2000, 1, 1, 12, 30)),
        ("1970:01:01 00:00:00", None),
        ("1970:01:01 01:00:00", None),
        ("1969-12-31T16:00:00-08:00", None),
        ("1980:01:01 00:00:00", None),
        ("1904:01:01 00:00:00", None),
        ("2000:01:01 00:00:12", None),
        ("0000:00:00 00:00:00", None),
        ("0001:01:01 00:00:00", None),
        ("2021:13:45 99:00:00", None),
        ("    :  :     :  :  ", None),
        ("2021", None),
        ("", None),
    ],
)
def test_spellings(text: str, expected: datetime | None) -> None:
    found = parsed(text)
    assert found == expected
    assert found is None or found.utcoffset() == (expected and expected.utcoffset())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(
    "spelled",
    ['exif:DateTimeOriginal="{}"', "<photoshop:DateCreated>{}</photoshop:DateCreated>",
     "xmp:CreateDate='{}'"],
)  # fmt: skip
def test_xmp(kind: str, spelled: str) -> None:
    xmp = f"<x:xmpmeta {spelled.format('2021-05-03T12:00:00+02:00')}/>".encode()
    image = Image.new("RGB", (8, 8))
    options: dict[str, Any] = {"xmp": xmp}
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options = {"pnginfo": info}
    if kind == "TIFF":
        options = {"tiffinfo": {700: xmp}}
    assert images.decode(saved(image, kind, **options)).captured_at == TAKEN.replace(tzinfo=BERLIN)


@pytest.mark.parametrize("late", [False, True])
def test_png_texts(late: bool) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Creation Time", "2021:05:03 12:00:00")
    file = saved(Image.new("RGB", (8, 8)), "PNG", pnginfo=info)
    if late:
        content = file.getvalue()
        start, end = content.index(b"tEXt") - 4, content.index(b"IDAT") - 4
        file = io.BytesIO(content[:start] + content[end:-12] + content[start:end] + content[-12:])
    assert images.decode(file).captured_at == TAKEN


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2021, 5, 3, 10, 0, 0, tzinfo=UTC),
        datetime(2021, 12, 31, 23, 30, 0, 120_000, tzinfo=UTC),
        datetime(1931, 2, 3, 4, 5, 6, tzinfo=UTC),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "UTC"])
def test_what_we_write_is_what_we_read(moment: datetime, zone: str) -> None:
    content = saved(Image.new("RGB", (8, 8)), "JPEG").getvalue()
    segment = capture_time_segment(moment, ZoneInfo(zone))
    found = images.decode(io.BytesIO(content[:2] + segment + content[2:])).captured_at
    assert found is not None
    # EXIF holds no seconds of an offset, which zones had before they were zones.
    assert abs(found - moment) < timedelta(minutes=1)
    assert moment.year < 1950 or found == moment
    assert (
        not Image.open(io.BytesIO(content[:2] + segment + content[2:]))
        .getexif()
        .get_ifd(ExifTags.IFD.GPSInfo)
    )


def test_nothing_is_written_of_nothing() -> None:
    assert capture_time_segment(None, UTC) == b""
