"""Empty, damaged and foreign files are refused, each with its code."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from ml import image_structure, images
from ml.tests.files import assert_damaged, beginning, error_of, saved


def test_empty() -> None:
    for call in (images.inspect, images.verify, images.decode):
        assert error_of(call, io.BytesIO()).code == "empty_file"


@pytest.mark.parametrize(
    "content",
    [
        b"To whom it may concern: this is a letter.",
        b"x",
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"P6 2 2 255 " + bytes(12),
        bytes(100),
    ],
)
def test_not_a_supported_image(content: bytes) -> None:
    for call in (images.inspect, images.decode):
        error = error_of(call, io.BytesIO(content))
        assert error.code == "unsupported_format"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("WEBP", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("HEIF", {}),
    ],
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_truncated(
    astronaut: NDArray[np.uint8], kind: str, options: dict[str, Any], share: float
) -> None:
    assert_damaged(beginning(astronaut[:128, 128:320], share, kind, **options))


def test_damaged_checksum(astronaut: NDArray[np.uint8]) -> None:
    content = bytearray(saved(astronaut, "PNG").getvalue())
    content[len(content) // 2] ^= 0xFF
    assert images.inspect(io.BytesIO(content)).format == "PNG"
    assert error_of(images.verify, io.BytesIO(content)).code == "corrupt_image"


@pytest.mark.parametrize(
    "content", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\nxx", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 "]
)
def test_damaged_header(content: bytes) -> None:
    assert error_of(images.inspect, io.BytesIO(content)).code == "corrupt_image"


@pytest.mark.parametrize(("width", "height"), [(0, 4), (4, 0), (0, 0)])
def test_no_side_may_be_empty(width: int, height: int) -> None:
    whole = saved(Image.new("RGB", (4, 4)), "BMP").getvalue()
    content = whole[:18] + struct.pack("<ii", width, height) + whole[26:]
    assert error_of(images.inspect, io.BytesIO(content)).code == "corrupt_image"


@pytest.mark.parametrize(
    ("start", "word"),
    [
        (b"\xff\x0a" + bytes(40), "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x14ftypqt  " + bytes(40), "film"),
        (b"\0\0\0\x14ftypisom" + bytes(40), "film"),
    ],
)
def test_what_people_send_has_a_sentence(start: bytes, word: str) -> None:
    error = error_of(images.inspect, io.BytesIO(start))
    assert error.code == "unsupported_format"
    assert word in error.message


@pytest.mark.parametrize(("tag", "before", "after"), [(258, 32, 64), (259, 1, 34712)])
def test_a_tiff_of_another_kind_is_not_called_damaged(tag: int, before: int, after: int) -> None:
    """Pixels of 64 bits, or packed as JPEG 2000."""
    whole = saved(Image.new("F", (4, 4)), "TIFF").getvalue()
    entry = struct.pack("<HHII", tag, 3, 1, before)
    assert entry in whole
    file = io.BytesIO(whole.replace(entry, struct.pack("<HHII", tag, 3, 1, after)))
    error = error_of(images.inspect, file)
    assert (error.code, "TIFF" in error.message) == ("unsupported_format", True)


@pytest.mark.parametrize("tags", [{254: 1, 330: 8}, {50706: b"\1\4\0\0"}])
def test_the_thumbnail_of_a_raw_photo_is_not_taken_for_it(tags: dict[int, Any]) -> None:
    """NEF, ARW and DNG are TIFFs whose first picture is a thumbnail."""
    error = error_of(images.inspect, with_tags(tags))
    assert (error.code, "raw file" in error.message) == ("unsupported_format", True)


def test_a_page_of_a_scan_with_a_smaller_copy_is_no_raw_photo() -> None:
    file = with_tags({254: 2, 330: 8})
    images.verify(file)
    assert images.inspect(file).width == 160


def with_tags(tags: dict[int, Any]) -> io.BytesIO:
    written = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        written[tag] = value
    return saved(Image.new("RGB", (160, 120)), "TIFF", tiffinfo=written)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"keep_rgb": True}], ids=str)
def test_the_beginnings_of_a_jpegs_scans_tell_as_much_as_the_whole(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (160, 240, 3), np.uint8)
    files = _damaged(saved(pixels, "JPEG", **options).getvalue(), random)

    shortened = [_code_of(content) for content in files]
    monkeypatch.setattr(image_structure, "with_short_scans", lambda content: None)
    assert shortened == [_code_of(content) for content in files]
    assert {"", "corrupt_image"} <= {*shortened}


def test_an_intact_jpeg_is_decoded_by_the_beginnings_of_its_scans(
    astronaut: NDArray[np.uint8],
) -> None:
    whole = saved(astronaut, "JPEG", progressive=True, quality=95).getvalue()
    short = image_structure.with_short_scans(whole)
    assert short is not None
    assert image_structure.count_scans(short) == image_structure.count_scans(whole)
    assert len(short) < len(whole) / 2
    assert image_structure.with_short_scans(whole[:-2]) is None


def test_a_jpeg_of_countless_segments_is_not_taken_apart(astronaut: NDArray[np.uint8]) -> None:
    whole = saved(astronaut[:64, :64], "JPEG").getvalue()
    comments = b"\xff\xfe\0\2" * image_structure.MAX_SEGMENTS
    for place in (2, len(whole) - 2):
        content = whole[:place] + comments + whole[place:]
        assert image_structure.with_short_scans(content) is None
        images.verify(io.BytesIO(content))


def test_a_jpeg_of_arithmetic_codes_is_decoded_as_a_whole(astronaut: NDArray[np.uint8]) -> None:
    """Such data is decoded only where all of it is in Pillow's buffer of 64 KB."""
    whole = saved(astronaut, "JPEG", quality=98, restart_marker_blocks=1).getvalue()
    arithmetic = whole.replace(b"\xff\xc0\0\x11", b"\xff\xc9\0\x11")
    assert len(whole) > 2**17
    assert arithmetic != whole
    assert_damaged(io.BytesIO(arithmetic))


def _damaged(whole: bytes, random: np.random.Generator) -> list[bytes]:
    """Return 200 copies with wrong bytes, a part that is missing, or a part that is twice there."""
    files = []
    for number in range(200):
        damaged = bytearray(whole)
        place, size = random.integers(len(whole)), random.integers(1, 2000)
        if number % 4 == 0:
            del damaged[place : place + size]
        elif number % 4 == 1:
            damaged[place:place] = damaged[place : place + size]
        else:
            for wrong in random.integers(0, len(whole), 4):
                damaged[wrong] = random.integers(256)
        files.append(bytes(damaged))
    return files


def _code_of(content: bytes) -> str:
    try:
        images.verify(io.BytesIO(content))
    except images.ImageError as error:
        return error.code
    return ""
