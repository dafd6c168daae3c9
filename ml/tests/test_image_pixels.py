"""Check how pixels are scaled and written."""

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml import image_pixels


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(1200, 1600), (1201, 1600), (900, 1602), (480, 640), (1, 4000)])
@pytest.mark.parametrize("scale", [0.9, 0.4, 0.25, 0.1])
def test_steps_of_one_half_average_as_one_step_does(size: tuple[int, int], scale: float) -> None:
    """Use smooth pixels: averages of noise depend on how much of a border pixel they take."""
    pixels = np.asarray(cv2.GaussianBlur(noise(*size), (0, 0), 16), np.uint8)
    wanted = max(round(size[1] * scale), 1), max(round(size[0] * scale), 1)
    found = image_pixels.averaged(pixels, scale)
    assert found.shape == (wanted[1], wanted[0], 3)
    at_once = cv2.resize(pixels, wanted, interpolation=cv2.INTER_AREA)
    assert np.abs(found.astype(int) - at_once).max() <= 2


def test_averages_keep_the_mean_of_noise() -> None:
    pixels = noise(1200, 1600)
    assert abs(image_pixels.averaged(pixels, 0.3).mean() - pixels.mean()) < 0.5


@pytest.mark.parametrize("quality", [80, 92])
@pytest.mark.parametrize("size", [(1, 1), (37, 51), (480, 640)])
def test_a_jpeg_is_that_of_pillow(size: tuple[int, int], quality: int) -> None:
    pixels, buffer = noise(*size), io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=0)
    assert image_pixels.jpeg(pixels, quality) == buffer.getvalue()


def test_what_is_too_wide_for_a_jpeg_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        image_pixels.jpeg(np.zeros((1, 70_000, 3), np.uint8), 90)
