"""Every kind of file that a person may send."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml import images
from ml.images import Limits
from ml.tests.files import assert_damaged, beginning, chunk, error_of, saved


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 100, "subsampling": 0}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("HEIF", {"quality": 100}),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}),
    ],
)
def test_formats(gradient: NDArray[np.uint8], kind: str, options: dict[str, Any]) -> None:
    file = saved(gradient, kind, **options)
    assert images.inspect(file) == images.ImageHeader(kind, 48, 32)
    images.verify(file)
    decoded = images.decode(file)
    assert decoded.format == kind
    assert decoded.rgb.dtype == np.uint8
    assert np.abs(decoded.rgb.astype(int) - gradient).max() <= 8
    assert decoded.captured_at is None


def test_cmyk(gradient: NDArray[np.uint8]) -> None:
    rgb = images.decode(saved(gradient, "JPEG", mode="CMYK", quality=100)).rgb
    assert np.abs(rgb.astype(int) - gradient).mean() < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled(kind: str) -> None:
    levels = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    rgb = images.decode(saved(levels, kind)).rgb
    assert rgb.shape == (16, 16, 3)
    assert rgb[..., 0].ravel().tolist() == list(range(256))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 128.0, 255.0]], np.float32), [0, 128, 255]),
        (np.array([[-5.0, np.nan, 5.0]], np.float32), [0, 128, 255]),
        (np.array([[0, 32768, 65535]], np.int32), [0, 128, 255]),
        (np.array([[0, 7, 255]], np.int32), [0, 7, 255]),
        (np.array([[-100, 0, 100]], np.int32), [0, 128, 255]),
    ],
)
def test_wide_pixels(values: NDArray[Any], expected: list[int]) -> None:
    rgb = images.decode(saved(values, "TIFF")).rgb
    assert np.abs(rgb[0, :, 1].astype(int) - expected).max() <= 1


def test_one_bit() -> None:
    image = Image.new("1", (4, 2), 1)
    image.putpixel((0, 0), 0)
    rgb = images.decode(saved(image, "PNG")).rgb
    assert rgb[0, 0].tolist() == [0, 0, 0]
    assert rgb[1, 3].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_becomes_white(mode: str) -> None:
    image = Image.new("RGBA", (3, 1), (10, 10, 10, 255))
    image.putpixel((1, 0), (10, 10, 10, 0))
    image.putpixel((2, 0), (0, 0, 0, 128))
    rgb = images.decode(saved(image, "PNG", mode=mode)).rgb
    assert rgb[0, :, 0].tolist() == [10, 255, 127]


@pytest.mark.parametrize(
    ("kind", "mode"), [("GIF", "P"), ("PNG", "P"), ("PNG", "RGB"), ("PNG", "L")]
)
def test_transparent_colour(kind: str, mode: str) -> None:
    image = Image.new(mode, (2, 1), 0)
    if mode == "P":
        image.putpalette([0, 0, 0, 200, 0, 0])
        image.putpixel((1, 0), 1)
    else:
        image.putpixel((1, 0), (200, 0, 0) if mode == "RGB" else 200)
    transparency: Any = (0, 0, 0) if mode == "RGB" else 0
    rgb = images.decode(saved(image, kind, transparency=transparency)).rgb
    assert rgb[0, 0].tolist() == [255, 255, 255]
    assert rgb[0, 1, 0] == 200


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_many(kind: str) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "lime", "blue")]
    options: dict[str, Any] = {"WEBP": {"lossless": True}}.get(kind, {})
    file = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    images.verify(file)
    assert images.decode(file).rgb[3, 3].tolist() == [255, 0, 0]


def test_pictures_behind_a_jpeg(gradient: NDArray[np.uint8]) -> None:
    image = Image.fromarray(gradient)
    file = io.BytesIO()
    image.save(file, "MPO", save_all=True, append_images=[image])
    assert images.inspect(file).format == "JPEG"
    images.verify(file)
    assert images.decode(file).format == "JPEG"


def test_content_decides() -> None:
    # A WebP called .jpg: names never reach the decoder, the content is enough.
    assert images.inspect(saved(Image.new("RGB", (5, 5)), "WEBP")).format == "WEBP"


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


def test_reads_from_the_start(gradient: NDArray[np.uint8]) -> None:
    file = saved(gradient, "PNG")
    file.seek(7)
    assert images.inspect(file).width == 48
    assert images.decode(file).rgb.shape == (32, 48, 3)


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


def test_what_only_looks_like_scans_is_no_reason() -> None:
    content = progressive()
    film = np.random.default_rng(0).bytes(9 * 2**20)
    comment = b"\xff\xfe" + struct.pack(">H", 602) + b"\xff\xda" * 300
    for file in (content, content + film, content[:2] + comment + content[2:]):
        assert images.decode(io.BytesIO(file)).rgb.shape == (64, 64, 3)


def test_side_that_no_jpeg_can_have() -> None:
    buffer = io.BytesIO()
    Image.new("L", (70_000, 2)).save(buffer, "PNG")
    assert error_of(images.inspect, buffer).code == "image_too_large"


@pytest.mark.parametrize(("kind", "codec"), [("HEIF", b"heic"), ("AVIF", b"avif")])
@pytest.mark.parametrize("brand", [b"mif1", b"msf1", None])
def test_files_of_one_container_are_told_apart(
    gradient: NDArray[np.uint8], kind: str, codec: bytes, brand: bytes | None
) -> None:
    content = saved(gradient, kind).getvalue()
    size = int.from_bytes(content[:4], "big")
    others = [b"mif1", codec, b"miaf", b"miaf"][: (size - 16) // 4]
    brands = (brand or codec) + bytes(4) + b"".join(others)
    file = io.BytesIO(content[:8] + brands + content[size:])
    images.verify(file)
    assert images.decode(file).format == kind


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


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Highlights above 1 do not darken the rest.
        ([0.0, 0.25, 0.5, 1.2], [0, 64, 128, 255]),
        ([0.0, 0.25, 0.5, 80.0], [0, 64, 128, 255]),
        ([-0.01, 0.25, 0.5, np.inf], [0, 64, 128, 255]),
        ([0.0, 0.0, 0.0, 200.0], [0, 0, 0, 200]),
        ([10.0, 64.0, 128.0, 300.0], [10, 64, 128, 255]),
        ([0.0, 0.0, 0.0, 0.0], [0, 0, 0, 0]),
        ([np.nan, np.nan, np.inf, -np.inf], [0, 0, 255, 0]),
    ],
)
def test_highlights_are_clipped(values: list[float], expected: list[int]) -> None:
    rgb = images.decode(saved(np.array([values], np.float32), "TIFF")).rgb
    assert np.abs(rgb[0, :, 1].astype(int) - expected).max() <= 1
