"""The first frame or page that shows something stands for the file."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml import images
from ml.tests.files import saved

KINDS = ("GIF", "WEBP", "PNG", "AVIF", "TIFF")


def animation(kind: str, *frames: Image.Image) -> Any:
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


@pytest.fixture
def portrait(astronaut: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(astronaut[:128, 160:288])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colour", ["black", "white"])
def test_an_empty_first_frame(portrait: Image.Image, kind: str, colour: str) -> None:
    empty = Image.new("RGB", portrait.size, colour)
    faint = Image.blend(empty, portrait, 0.05)
    file = animation(kind, empty, faint, portrait, portrait.rotate(180))
    images.verify(file)
    decoded = images.decode(file)
    assert decoded.frame == 2
    assert np.abs(decoded.rgb.astype(int) - np.asarray(portrait)).mean() < 12


def test_a_transparent_first_frame(portrait: Image.Image) -> None:
    empty = Image.new("RGBA", portrait.size, (0, 0, 0, 0))
    decoded = images.decode(animation("PNG", empty, portrait.convert("RGBA")))
    assert decoded.frame == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_frame_where_it_shows_something(portrait: Image.Image, kind: str) -> None:
    assert images.decode(animation(kind, portrait, portrait.rotate(180))).frame == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_picture_has_no_number(portrait: Image.Image, kind: str) -> None:
    assert images.decode(saved(portrait, kind)).frame is None
    assert images.decode(saved(Image.new("RGB", (16, 16)), kind)).frame is None


@pytest.mark.parametrize("kind", KINDS)
def test_where_all_are_empty_the_first(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("#000", "#010101", "#020202")]
    assert images.decode(animation(kind, *frames)).frame in (0, None)


def test_a_page_larger_than_the_limit_is_not_opened(portrait: Image.Image) -> None:
    small = Image.new("RGB", (16, 16))
    limits = images.Limits(max_pixels=1000)
    assert images.decode(animation("TIFF", small, portrait), limits).rgb.shape == (16, 16, 3)


def test_a_damaged_later_frame_ends_the_search(portrait: Image.Image) -> None:
    content = bytearray(animation("WEBP", Image.new("RGB", (128, 128)), portrait).getvalue())
    content[-2000:-1000] = bytes(1000)
    decoded = images.decode(type(saved(portrait, "PNG"))(bytes(content)))
    assert decoded.rgb.shape == (128, 128, 3)
