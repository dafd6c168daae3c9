"""Every kind of file that a person may send."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml import images
from ml.tests.files import saved


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


def test_a_scan_of_sixteen_bits_in_which_zero_is_white() -> None:
    whole = saved(np.array([[0, 255, 65535]], np.uint16), "TIFF").getvalue()
    black_first, white_first = (struct.pack("<HHIHH", 262, 3, 1, kind, 0) for kind in (1, 0))
    assert black_first in whole
    file = io.BytesIO(whole.replace(black_first, white_first))
    assert images.decode(file).rgb[0, :, 0].tolist() == [255, 254, 0]


@pytest.mark.parametrize(
    ("alpha", "expected"), [([0, 0, 0], [10, 20, 30]), ([0, 255, 0], [255, 20, 255])]
)
def test_alpha_that_a_bmp_does_not_use(alpha: list[int], expected: list[int]) -> None:
    """Screenshots and other programs may leave it 0: viewers then show the pixels."""
    pixels = b"".join(bytes([*[grey] * 3, a]) for grey, a in zip([10, 20, 30], alpha, strict=True))
    header = struct.pack("<IiiHHIIiiII", 108, 3, 1, 1, 32, 3, len(pixels), 0, 0, 0, 0)
    header += struct.pack("<IIII4s48x", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, b"BGRs")
    start = 14 + len(header)
    file = b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + header + pixels
    assert images.decode(io.BytesIO(file)).rgb[0, :, 0].tolist() == expected


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


def test_reads_from_the_start(gradient: NDArray[np.uint8]) -> None:
    file = saved(gradient, "PNG")
    file.seek(7)
    assert images.inspect(file).width == 48
    assert images.decode(file).rgb.shape == (32, 48, 3)


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
