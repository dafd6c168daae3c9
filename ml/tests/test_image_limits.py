"""Images that are too large, and large ones that are read at a smaller size."""

import io
import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml import image_structure, images
from ml.images import Limits
from ml.tests.files import chunk, error_of, saved


def test_too_many_bytes() -> None:
    file = saved(Image.new("RGB", (100, 100)), "BMP")
    error = error_of(images.inspect, file, Limits(max_bytes=1000))
    assert error.code == "file_too_large"
    assert error.details == {"bytes": len(file.getvalue()), "max_bytes": 1000}


@pytest.mark.parametrize("side", [8100, 12_000, 30_000])
def test_too_many_pixels_by_the_header_alone(side: int) -> None:
    # 12,000² makes Pillow warn and 30,000² makes it raise; neither may show.
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND")
    for call in (images.inspect, images.verify, images.decode):
        error = error_of(call, io.BytesIO(content))
        assert error.code == "image_too_large"
        assert error.details["max_pixels"] == 65_000_000


def test_limit_of_pixels_is_inclusive() -> None:
    file = saved(Image.new("L", (20, 10)), "PNG")
    assert images.decode(file, Limits(max_pixels=200)).rgb.shape == (10, 20, 3)
    assert error_of(images.decode, file, Limits(max_pixels=199)).details["width"] == 20


@pytest.mark.parametrize("size", [(1, 1), (7, 500), (500, 7)])
def test_a_jpeg_that_is_less_than_a_block(size: tuple[int, int]) -> None:
    file = saved(Image.new("RGB", size), "JPEG")
    images.verify(file)
    assert images.decode(file).rgb.shape == (*size[::-1], 3)


def progressive() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "JPEG", progressive=True)
    return buffer.getvalue()


def test_endless_scans_are_refused_before_they_are_decoded() -> None:
    """A progressive JPEG whose last scan is repeated costs a pass over all pixels each time."""
    content = progressive()
    last = content.rindex(b"\xff\xda")
    bomb = content[:last] + content[last:-2] * 200 + b"\xff\xd9"
    garbage = bomb.replace(b"\xff\xda", b"garbage between segments\xff\xff\xff\xda")
    for call in (images.inspect, images.decode):
        for file in (bomb, garbage):
            assert error_of(call, io.BytesIO(file)).code == "too_many_scans"


def test_what_follows_a_scan_of_the_whole_picture_is_damage() -> None:
    content = saved(Image.new("RGB", (64, 64), "red"), "JPEG").getvalue()
    repeated = content[:-2] + content[content.rindex(b"\xff\xda") : -2] * 200 + b"\xff\xd9"
    assert image_structure.count_scans(repeated) == 1
    for call in (images.verify, images.decode):
        assert error_of(call, io.BytesIO(repeated)).code == "corrupt_image"


def test_scans_of_one_colour_each_are_counted() -> None:
    """Count what a decoder reads: a sequential picture may have one scan for each colour."""
    frame = b"\xff\xc0\x00\x11\x08\x00\x40\x00\x40\x03" + bytes(9)
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"data"
    assert image_structure.count_scans(b"\xff\xd8" + frame + scan * 30 + b"\xff\xd9") == 30


def test_what_only_looks_like_scans_is_no_reason() -> None:
    content = progressive()
    film = np.random.default_rng(0).bytes(9 * 2**20)
    comment = b"\xff\xfe" + struct.pack(">H", 602) + b"\xff\xda" * 300
    for file in (content, content + film, content[:2] + comment + content[2:]):
        assert images.decode(io.BytesIO(file)).rgb.shape == (64, 64, 3)


def in_one_tile(side: int, number: str, code: int) -> io.BytesIO:
    """Return a BigTIFF of 8 x 8 pixels, cut from a tile of black ones with its sides in a type."""
    packed = zlib.compress(bytes(side * side))
    sides = {322: side, 323: side}
    tags = {256: 8, 257: 8, 258: 8, 259: 8, 262: 1, 277: 1, 284: 1} | sides
    tags |= {324: 16 + 8 + 20 * 11 + 8, 325: len(packed)}
    entries = [
        struct.pack("<HHQ", tag, code, 1) + struct.pack(f"<{number}", value).ljust(8, b"\0")
        if tag in sides
        else struct.pack("<HHQQ", tag, 16, 1, value)
        for tag, value in tags.items()
    ]
    head = b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, len(tags))
    return io.BytesIO(head + b"".join(entries) + bytes(8) + packed)


@pytest.mark.parametrize(("number", "code"), [("H", 3), ("I", 4), ("B", 1), ("q", 17)])
def test_a_tile_larger_than_its_picture(number: str, code: int) -> None:
    """A tile is unpacked whole: a small file could have one of gigabytes."""
    file = in_one_tile(240, number, code)
    error = error_of(images.decode, file, Limits(max_pixels=10_000))
    assert error.code == "image_too_large"
    if code != 1:
        assert images.decode(file).rgb.shape == (8, 8, 3)


def test_side_that_no_jpeg_can_have() -> None:
    buffer = io.BytesIO()
    Image.new("L", (70_000, 2)).save(buffer, "PNG")
    assert error_of(images.inspect, buffer).code == "image_too_large"


def test_a_large_jpeg_is_decoded_at_half_its_sides(astronaut: NDArray[np.uint8]) -> None:
    file = saved(astronaut[:301, :401], "JPEG", quality=95)
    limits = Limits(max_pixels=301 * 401 // 4 + 1000)
    header = images.inspect(file, limits)
    images.verify(file, limits)
    rgb = images.decode(file, limits).rgb
    assert (header.height, header.width) == rgb.shape[:2] == (151, 201)
    half = Image.fromarray(astronaut[:301, :401]).reduce(2)
    assert np.abs(rgb.astype(int) - np.asarray(half)).mean() < 3
    assert error_of(images.inspect, file, Limits(max_pixels=30_000)).details == {
        "width": 401, "height": 301, "max_pixels": 120_000,
    }  # fmt: skip
    assert images.decode(file).rgb.shape == (301, 401, 3)


def test_a_large_progressive_jpeg_is_not(astronaut: NDArray[np.uint8]) -> None:
    file = saved(astronaut, "JPEG", progressive=True)
    error = error_of(images.inspect, file, Limits(max_pixels=200_000))
    assert (error.code, error.details["max_pixels"]) == ("image_too_large", 200_000)


@pytest.mark.parametrize(
    ("size", "kept"), [((8160, 6144), (8160, 6144)), ((12_000, 9000), (6000, 4500))]
)
def test_photos_of_present_phones(size: tuple[int, int], kept: tuple[int, int]) -> None:
    file = saved(Image.new("L", size, 77), "JPEG")
    header = images.inspect(file)
    assert (header.width, header.height) == kept
    images.verify(file)
