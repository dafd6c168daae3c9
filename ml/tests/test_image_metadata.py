"""Orientation and capture time, for any content of the metadata."""

import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from ml import images
from ml.tests.files import chunk, saved


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(
    gradient: NDArray[np.uint8], kind: str, orientation: int
) -> None:
    stored = {
        1: gradient,
        2: gradient[:, ::-1],
        3: gradient[::-1, ::-1],
        4: gradient[::-1],
        5: gradient.transpose(1, 0, 2),
        6: np.rot90(gradient, 1),
        7: np.rot90(gradient, 2).transpose(1, 0, 2),
        8: np.rot90(gradient, -1),
    }[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options: dict[str, Any] = {"JPEG": {"quality": 100, "subsampling": 0}}.get(kind, {})
    # As bytes: pillow-heif then also writes the rotation that HEIF readers obey.
    file = saved(np.ascontiguousarray(stored), kind, exif=exif.tobytes(), **options)
    header = images.inspect(file)
    assert (header.width, header.height) == (48, 32)
    rgb = images.decode(file).rgb
    assert rgb.shape == (32, 48, 3)
    assert np.abs(rgb.astype(int) - gradient).mean() < 6


def test_png_metadata_behind_the_pixels(gradient: NDArray[np.uint8]) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    whole = saved(np.ascontiguousarray(np.rot90(gradient)), "PNG").getvalue()
    body, end = whole[:-12], whole[-12:]
    late = io.BytesIO(body + chunk(b"eXIf", exif.tobytes()[6:]) + end)
    assert images.decode(late).rgb.shape == (32, 48, 3)


def taken(moment: object, offset: object = None) -> Image.Exif:
    exif = Image.Exif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = moment
    if offset is not None:
        details[ExifTags.Base.OffsetTimeOriginal] = offset
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif


@pytest.mark.parametrize(
    ("moment", "offset", "expected"),
    [
        ("2024:02:29 23:59:58", None, datetime(2024, 2, 29, 23, 59, 58)),
        (
            "2024:02:29 23:59:58",
            "-03:30",
            datetime(2024, 2, 29, 23, 59, 58, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
        ),
        ("2024:02:29 10:00:00", "+00:00", datetime(2024, 2, 29, 10, tzinfo=UTC)),
        ("2024:02:29 10:00:00", "soon", datetime(2024, 2, 29, 10)),
        ("2024:02:29 10:00:00", "+99:00", datetime(2024, 2, 29, 10)),
        ("0000:00:00 00:00:00", None, None),
        ("yesterday", None, None),
        ("", None, None),
    ],
)
def test_capture_time(moment: str, offset: str | None, expected: datetime | None) -> None:
    file = saved(Image.new("RGB", (8, 8)), "JPEG", exif=taken(moment, offset))
    found = images.decode(file).captured_at
    assert found == expected
    assert found is None or found.utcoffset() == (expected and expected.utcoffset())


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    "exif",
    [b"Exif\0\0garbage", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0II*\0" + b"\xff" * 40],
)
def test_garbage_metadata(exif: bytes) -> None:
    decoded = images.decode(saved(Image.new("RGB", (8, 8)), "JPEG", exif=exif))
    assert decoded.captured_at is None
    assert decoded.rgb.shape == (8, 8, 3)


def test_long_compressed_texts_and_profiles_of_a_png(gradient: NDArray[np.uint8]) -> None:
    """Programs write how a picture was made into it, and printers have profiles of megabytes."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("workflow", "node " * 300_000, zip=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    long_profile = profile + bytes(1_500_000)
    for options in ({"pnginfo": texts}, {"icc_profile": long_profile}):
        file = saved(gradient, "PNG", **options)
        images.verify(file)
        assert np.array_equal(images.decode(file).rgb, gradient)


def test_nonsense_orientation() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 77
    file = saved(Image.new("RGB", (8, 4)), "JPEG", exif=exif)
    assert images.inspect(file).width == 8
    assert images.decode(file).rgb.shape == (4, 8, 3)
