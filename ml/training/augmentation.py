"""Random changes to training images, on any backend of Keras and reproducible.

All functions take and give images (N, H, W, 1) float32 in [0, 255]. What is random comes in from
outside, as uniform numbers of each image (`Draws`): the same numbers give the same images.
"""

import math
from typing import Any, Final

import keras
from keras import ops

from ml.training import degradation
from ml.training.config import Augmentation
from ml.training.covering import EYE_REACH, EYES, MOUTH, MOUTH_REACH
from ml.training.draws import Draws

Tensor = Any
"""A tensor of Keras' backend; Keras ships no types."""
Targets = dict[str, Tensor]
"""By head."""
MAX_COVER: Final = 1.8
"""How many times what hides eyes or mouth a cover may be."""
MIN_OPACITY: Final = 0.4
"""Of a cover: glasses are not black."""


def augment(images: Tensor, draws: Tensor, config: Augmentation) -> Tensor:
    """Change what stands before the face, its place, its light, and what the camera made of it.

    `draws` (N, `ml.training.draws.COUNT`) are uniform in [0, 1).
    """
    numbers = Draws(draws)
    if config.cover_probability:
        images = _cover(images, numbers, config)
    images = _move(images, numbers, config)
    images = _relight(images, numbers, config)
    images = _erase(images, numbers, config)
    return degradation.degrade(images, numbers, config)


def mix(
    images: Tensor, targets: Targets, weights: Targets, share: Tensor
) -> tuple[Tensor, Targets, Targets]:
    """Blend every image, and its targets, with another one of the batch.

    mixup (Zhang et al. 2018, arXiv:1710.09412); `share` (N,) is drawn from Beta(alpha, alpha).
    Targets are head → (N, 7), weights head → (N,); a target without weight gives none to the
    mixture.
    """

    def blend(values: Tensor, part: Tensor) -> Tensor:
        return part * values + (1 - part) * ops.flip(values, axis=0)

    mixed = {head: blend(weight, share) for head, weight in weights.items()}
    answers = {
        head: ops.divide_no_nan(
            blend(weights[head][:, None] * target, share[:, None]), mixed[head][:, None]
        )
        for head, target in targets.items()
    }
    return blend(images, share[:, None, None, None]), answers, mixed


def _move(images: Tensor, numbers: Draws, config: Augmentation) -> Tensor:
    """Apply one affine transform an image: mirror, rotation, zoom and shift about the centre."""
    size = float(images.shape[1])
    angle = numbers.within(config.rotation_degrees * math.pi / 180)
    scale = 1 + numbers.within(config.zoom)
    mirror = ops.where(numbers.chosen(0.5), 1.0, -1.0)
    shift_x, shift_y = (numbers.within(config.shift * size) for _ in range(2))
    cosine, sine = ops.cos(angle) * scale, ops.sin(angle) * scale
    centre = (size - 1) / 2
    # Rows of the matrix that maps an output pixel to its input pixel.
    a, b = cosine * mirror, -sine
    d, e = sine * mirror, cosine
    c = centre + shift_x - a * centre - b * centre
    f = centre + shift_y - d * centre - e * centre
    zero = ops.zeros_like(a)
    return keras.ops.image.affine_transform(
        images,
        ops.stack([a, b, c, d, e, f, zero, zero], axis=1),
        interpolation="bilinear",
        fill_mode="nearest",
        data_format="channels_last",
    )


def _relight(images: Tensor, numbers: Draws, config: Augmentation) -> Tensor:
    """Change contrast about the mean, brightness, light from one side and gamma; then clip."""
    contrast = 1 + numbers.within(config.contrast)[:, None, None, None]
    brightness = 255 * numbers.within(config.brightness)[:, None, None, None]
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    images = (images - mean) * contrast + mean + brightness
    if config.slope:
        images *= _slope(images.shape[1], numbers, config.slope)
    images = ops.clip(images, 0.0, 255.0)
    if config.gamma:
        power = ops.exp(numbers.within(config.gamma))[:, None, None, None]
        images = 255 * ops.power(ops.maximum(images / 255, 1e-4), power)
    return images


def _slope(size: int, numbers: Draws, reach: float) -> Tensor:
    """Return (N, H, W, 1) factors of the pixels under light from a random direction."""
    angle, strength = numbers.within(math.pi), numbers.within(reach)
    axis = ops.linspace(-1.0, 1.0, size)
    x = (strength * ops.cos(angle))[:, None, None] * axis[None, None, :]
    y = (strength * ops.sin(angle))[:, None, None] * axis[None, :, None]
    return (1 + x + y)[..., None]


def _erase(images: Tensor, numbers: Draws, config: Augmentation) -> Tensor:
    """Draw a rectangle of random grey over some images (Zhong et al. 2017, arXiv:1708.04896)."""
    size = float(images.shape[1])
    chosen = numbers.chosen(config.erase_probability)
    half = [numbers.between(0.075 * size, 0.275 * size) for _ in range(2)]
    centre = [numbers.between(0.0, size) for _ in range(2)]
    return _laid(images, centre, half, numbers.between(0.0, 255.0), ops.cast(chosen, "float32"))


def _cover(images: Tensor, numbers: Draws, config: Augmentation) -> Tensor:
    """Cover the eyes or the mouth of some images evenly, as glasses and masks do."""
    chosen, eyes = numbers.chosen(config.cover_probability), numbers.chosen(0.5)
    centre = [ops.where(eyes, EYES[axis], MOUTH[axis]) + numbers.within(3.0) for axis in range(2)]
    half = [
        ops.where(eyes, EYE_REACH[axis], MOUTH_REACH[axis]) * numbers.between(1.0, MAX_COVER)
        for axis in range(2)
    ]
    opacity = numbers.between(MIN_OPACITY, 1.0) * ops.cast(chosen, "float32")
    return _laid(images, centre, half, numbers.between(0.0, 255.0), opacity)


def _laid(
    images: Tensor, centre: list[Tensor], half: list[Tensor], grey: Tensor, opacity: Tensor
) -> Tensor:
    """Lay a rectangle over each image; all arguments (N,), centre and half its size as x and y."""
    axis = ops.arange(images.shape[1], dtype="float32")
    across, down = (
        ops.abs(axis[None, :] - place[:, None]) < reach[:, None]
        for place, reach in zip(centre, half, strict=True)
    )
    inside = ops.cast(ops.logical_and(down[:, :, None], across[:, None, :]), "float32")
    share = (inside * opacity[:, None, None])[..., None]
    return images + share * (grey[:, None, None, None] - images)
