"""What cameras and files do to training images: coarser, blurred, noisy, compressed.

All functions take and give images (N, 48, 48, 1) float32 in [0, 255]. Scaling, blur and the cosine
transform of JPEG are products with constant matrices, from the left for rows and from the right for
columns, which a GPU does at no cost.
"""

from functools import cache
from typing import Any, Final

import numpy as np
from keras import ops
from numpy.typing import NDArray

from ml.training.config import Augmentation
from ml.training.draws import Draws

SIDE: Final = 48
BLUR: Final = 1.5
"""Pixels; a face of about 20 pixels looks like that when it is enlarged."""
COARSE_SIDES: Final = (14, 16, 18, 20, 23, 26, 30, 35, 40)
"""Of faces that were small in their photo and were enlarged."""
NOISES: Final = 256
"""Fields of noise. Two of them make the noise of an image, at a random angle: as good as new."""
QUANTISATION: Final = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
"""Of luminance, for quality 50 (ITU-T T.81, table K.1)."""
COARSEST: Final = 2.5
"""Times `QUANTISATION`: quality 20."""

Matrix = NDArray[np.float32]


def degrade(images: Any, numbers: Draws, config: Augmentation) -> Any:
    """Spoil some images in each of the ways that the configuration asks for."""
    if config.coarse_probability:
        chosen = numbers.chosen(config.coarse_probability)
        scale = ops.cast(numbers.between(0, len(COARSE_SIDES)), "int32")
        matrices = ops.take(ops.convert_to_tensor(_coarsening()), scale, axis=0)
        images = ops.where(chosen[:, None, None, None], _both_ways(images, matrices), images)
    if config.blur_probability:
        chosen = numbers.chosen(config.blur_probability)
        share = numbers.between(0, 1) * ops.cast(chosen, "float32")
        blurred = _both_ways(images, ops.convert_to_tensor(_blurring()))
        images += share[:, None, None, None] * (blurred - images)
    if config.noise:
        images = _add_noise(images, numbers, config.noise)
    if config.jpeg_probability:
        images = _compress(images, numbers, config.jpeg_probability)
    return ops.clip(images, 0.0, 255.0)


def _both_ways(images: Any, matrix: Any) -> Any:
    """Multiply rows and columns by one matrix (48, 48), or by one for each image."""
    which = "nij" if len(matrix.shape) == 3 else "ij"
    rows = ops.einsum(f"{which},njwc->niwc", matrix, images)
    return ops.einsum(f"{which},nhjc->nhic", matrix, rows)


def _add_noise(images: Any, numbers: Draws, most: float) -> Any:
    """Add Gaussian noise of a random strength, like a sensor's."""
    fields = ops.convert_to_tensor(_noise())
    one, other = (
        ops.take(fields, ops.cast(numbers.between(0, NOISES), "int32"), axis=0) for _ in range(2)
    )
    angle, strength = numbers.within(np.pi), numbers.between(0, most)
    part, rest = ((strength * turn(angle))[:, None, None, None] for turn in (ops.cos, ops.sin))
    return ops.clip(images + part * one[..., None] + rest * other[..., None], 0.0, 255.0)


def _compress(images: Any, numbers: Draws, probability: float) -> Any:
    """Round the coefficients of 8 × 8 blocks, as a JPEG file of random quality does."""
    chosen = numbers.chosen(probability)[:, None, None, None]
    steps = numbers.between(0.2, COARSEST)[:, None, None, None] * ops.convert_to_tensor(
        np.tile(QUANTISATION, (SIDE // 8, SIDE // 8))[None, :, :, None]
    )
    forward = ops.convert_to_tensor(_cosines())
    kept = ops.round(_both_ways(images - 128, forward) / steps) * steps
    return ops.where(chosen, _both_ways(kept, ops.transpose(forward)) + 128, images)


@cache
def _blurring() -> Matrix:
    """Return the matrix (48, 48) of a Gaussian of `BLUR` pixels; the border mirrors."""
    offsets = np.arange(-2, 3)
    kernel = np.exp(-0.5 * (offsets / BLUR) ** 2)
    matrix = np.zeros((SIDE, SIDE), np.float32)
    for offset, weight in zip(offsets, kernel / kernel.sum(), strict=True):
        columns = np.arange(SIDE) + offset
        columns = np.where(columns < 0, -1 - columns, columns)
        columns = np.where(columns >= SIDE, 2 * SIDE - 1 - columns, columns)
        np.add.at(matrix, (np.arange(SIDE), columns), weight)
    return matrix


@cache
def _coarsening() -> Matrix:
    """Return (sides, 48, 48): mean of areas, then linear enlargement, by `COARSE_SIDES`."""
    return np.stack([_between(side, SIDE) @ _areas(side) for side in COARSE_SIDES])


def _areas(side: int) -> Matrix:
    """Return (side, 48) shares of each pixel in each larger one."""
    edges = np.arange(side + 1) * SIDE / side
    pixels = np.arange(SIDE)
    low = np.maximum(edges[:-1, None], pixels)
    high = np.minimum(edges[1:, None], pixels + 1)
    return np.asarray(np.maximum(high - low, 0) * side / SIDE, np.float32)


def _between(height: int, side: int) -> Matrix:
    """Return (side, height) shares of each of `height` pixels in each of `side`."""
    places = (np.arange(side) + 0.5) * height / side - 0.5
    distance = np.abs(np.clip(places, 0, height - 1)[:, None] - np.arange(height))
    return np.asarray(np.clip(1 - distance, 0, 1), np.float32)


@cache
def _cosines() -> Matrix:
    """Return the orthonormal cosine transform (48, 48) of each eight pixels."""
    frequency, place = np.mgrid[0:8, 0:8]
    block = np.sqrt(2 / 8) * np.cos((2 * place + 1) * frequency * np.pi / 16)
    block[0] /= np.sqrt(2)
    return np.kron(np.eye(SIDE // 8), block).astype(np.float32)


@cache
def _noise() -> Matrix:
    """Return (`NOISES`, 48, 48) fields of standard normal noise."""
    return np.random.default_rng(2013).standard_normal((NOISES, SIDE, SIDE), np.float32)
