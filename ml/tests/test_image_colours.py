"""Colours become sRGB, whatever the colour space of the file."""

import io
import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from ml import images
from ml.colour_profile import rgb_profile
from ml.image_colours import ADOBE_GAMMA, ADOBE_RGB, SRGB_PRIMARIES
from ml.tests.files import chunk, saved

DISPLAY_P3 = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.3290)
PROPHOTO = (0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001, 0.3457, 0.3585)
SRGB = ImageCms.createProfile("sRGB")
PROFILES = {
    "Display P3": rgb_profile(DISPLAY_P3, 2.2),
    "ProPhoto RGB": rgb_profile(PROPHOTO, 1.8),
    "Adobe RGB": rgb_profile(ADOBE_RGB, ADOBE_GAMMA),
    "linear": rgb_profile(SRGB_PRIMARIES, 1.0),
}


def opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def by_littlecms(image: Image.Image, profile: bytes) -> NDArray[np.int_]:
    changed = ImageCms.profileToProfile(image, opened(profile), SRGB, outputMode="RGB")
    return np.asarray(changed).astype(int)


def grey_profile(gamma: float) -> bytes:
    """Return a profile of scanners and printers that has only a curve."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv" + struct.pack(">IIHxx", 0, 1, round(gamma * 256))
    start = 128 + 4 + 24
    table = struct.pack(">I4sII4sII", 2, b"wtpt", start, 20, b"kTRC", start + 20, 16)
    head = struct.pack(">I4sI4s4s4s", start + 36, bytes(4), 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    return (head + bytes(12) + b"acsp").ljust(128, b"\0") + table + white + curve


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "AVIF", "HEIF", "JPEG"])
def test_by_the_profile_as_littlecms(astronaut: NDArray[np.uint8], kind: str, name: str) -> None:
    pixels = astronaut[:128, 128:256]
    file = saved(pixels, kind, icc_profile=PROFILES[name], quality=100)
    stored = Image.open(file).convert("RGB")
    rgb = images.decode(file).rgb.astype(int)
    assert np.abs(rgb - by_littlecms(stored, PROFILES[name])).max() <= 1
    assert np.abs(rgb - pixels).mean() > 2


def test_srgb_stays_as_it_is(astronaut: NDArray[np.uint8]) -> None:
    profile = ImageCms.ImageCmsProfile(SRGB).tobytes()
    rgb = images.decode(saved(astronaut, "PNG", icc_profile=profile)).rgb
    assert np.array_equal(rgb, astronaut)


@pytest.mark.parametrize("mode", ["P", "RGBA", "LA", "1"])
def test_other_modes_keep_what_is_transparent(astronaut: NDArray[np.uint8], mode: str) -> None:
    image = Image.fromarray(astronaut[:32, 200:232]).convert(mode)
    if mode in ("RGBA", "LA"):
        image.putalpha(0)
    rgb = images.decode(saved(image, "PNG", icc_profile=PROFILES["Adobe RGB"])).rgb
    assert rgb.shape == (32, 32, 3)
    assert mode not in ("RGBA", "LA") or rgb.min() == 255


@pytest.mark.parametrize("depth", [8, 16])
def test_grey_by_its_profile(depth: int) -> None:
    levels = np.arange(0, 256, dtype=np.uint8).reshape(16, 16)
    stored = levels if depth == 8 else levels.astype(np.uint16) * 257
    rgb = images.decode(saved(stored, "PNG", icc_profile=grey_profile(1.0))).rgb.astype(int)
    expected = by_littlecms(Image.fromarray(levels), grey_profile(1.0))
    assert np.abs(rgb - expected).max() <= 1
    assert rgb[8, 0, 0] > 180


def _png(pixels: NDArray[np.uint8], *chunks: bytes) -> io.BytesIO:
    content = saved(pixels, "PNG").getvalue()
    return io.BytesIO(content[:33] + b"".join(chunks) + content[33:])


def test_png_says_it_in_numbers(astronaut: NDArray[np.uint8]) -> None:
    def scaled(*values: float) -> bytes:
        return struct.pack(f">{len(values)}I", *(round(value * 100_000) for value in values))

    gamma = chunk(b"gAMA", scaled(1 / 2.2))
    primaries = chunk(b"cHRM", scaled(*DISPLAY_P3[6:], *DISPLAY_P3[:6]))
    rgb = images.decode(_png(astronaut, gamma, primaries)).rgb.astype(int)
    expected = by_littlecms(Image.fromarray(astronaut), PROFILES["Display P3"])
    assert np.abs(rgb - expected).max() <= 2
    # sRGB in so many words counts more (PNG, 4.3), and the usual gamma alone is nearly it.
    for chunks in ([chunk(b"sRGB", b"\0"), gamma, primaries], [gamma]):
        rgb = images.decode(_png(astronaut, *chunks)).rgb.astype(int)
        assert np.abs(rgb - astronaut).mean() < 3


def test_cameras_say_adobe_rgb_by_a_tag(astronaut: NDArray[np.uint8]) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] = 0xFFFF
    interop = {ExifTags.Interop.InteropIndex: "R03"}
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.IFD.Interop] = interop
    file = saved(astronaut, "JPEG", quality=95, exif=exif.tobytes())
    rgb = images.decode(file).rgb.astype(int)
    expected = by_littlecms(Image.open(file).convert("RGB"), PROFILES["Adobe RGB"])
    assert np.abs(rgb - expected).max() <= 1


@pytest.mark.parametrize(
    "profile",
    [b"garbage", PROFILES["Display P3"][:200], grey_profile(2.2), b"\0" * 5 * 2**20],
    ids=["garbage", "cut", "of grey", "huge"],
)
def test_a_profile_that_does_not_fit_is_passed_over(
    astronaut: NDArray[np.uint8], profile: bytes
) -> None:
    file = saved(astronaut, "TIFF", icc_profile=profile)
    assert np.array_equal(images.decode(file).rgb, astronaut)


@pytest.mark.parametrize("primaries", [(0, 0) * 4, (0.3, 0.3) * 4, (5, 0.0001) * 4])
def test_primaries_of_no_colours_are_passed_over(
    astronaut: NDArray[np.uint8], primaries: tuple[float, ...]
) -> None:
    numbers = struct.pack(">8I", *(round(value * 100_000) for value in primaries))
    gamma = chunk(b"gAMA", struct.pack(">I", 100_000))
    file = _png(astronaut[:8, :8], gamma, chunk(b"cHRM", numbers))
    assert np.array_equal(images.decode(file).rgb, astronaut[:8, :8])


def test_lab() -> None:
    file = saved(Image.new("LAB", (4, 4), (255, 128, 128)), "TIFF")
    assert images.decode(file).rgb.min() >= 254
