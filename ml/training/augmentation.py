"""Random changes to training images, inside the tf.data graph and reproducible by seed.

All functions take and give images (N, H, W, 1) float32 in [0, 255].
"""

import math
from typing import Any, Final

import tensorflow as tf

from ml.training.config import Augmentation

Tensor = Any
"""A tf.Tensor; TensorFlow ships no types."""
BLUR: Final = 1.5
"""Pixels; a face of about 20 pixels looks like that when it is enlarged."""
Targets = dict[str, Tensor]
"""By head."""


def augment(images: Tensor, seed: Tensor, config: Augmentation) -> Tensor:
    """Flip, rotate, zoom, shift, change light, erase, blur, add noise; `seed` is (2,) int64."""
    seeds = tf.unstack(tf.random.split(seed, 3))
    images = _move(images, seeds[0], config)
    images = _relight(images, seeds[1], config)
    images = _erase(images, seeds[2], config)
    # Streams of their own, so that a run without them is what it was before they existed.
    return _degrade(images, tf.random.fold_in(seed, 2), config)


def _degrade(images: Tensor, seed: Tensor, config: Augmentation) -> Tensor:
    """Blur some images by up to `BLUR` pixels and add noise of a random strength to all."""
    count = tf.shape(images)[0]
    if config.blur_probability:
        chosen = _uniform(seed, 0, count, 0.5) + 0.5 < config.blur_probability
        share = (_uniform(seed, 1, count, 0.5) + 0.5) * tf.cast(chosen, tf.float32)
        padded = tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]], mode="SYMMETRIC")
        blurred = tf.nn.depthwise_conv2d(padded, _gaussian(), [1, 1, 1, 1], "VALID")
        images += share[:, None, None, None] * (blurred - images)
    if config.noise:
        strength = config.noise * (_uniform(seed, 2, count, 0.5) + 0.5)
        noise = tf.random.stateless_normal(tf.shape(images), tf.random.fold_in(seed, 3))
        images = tf.clip_by_value(images + strength[:, None, None, None] * noise, 0.0, 255.0)
    return images


def _gaussian() -> Tensor:
    """(5, 5, 1, 1) kernel of standard deviation `BLUR`."""
    row = tf.exp(-0.5 * (tf.range(-2.0, 3.0) / BLUR) ** 2)
    kernel = row[:, None] * row[None, :]
    return (kernel / tf.reduce_sum(kernel))[:, :, None, None]


def mix(
    images: Tensor, targets: Targets, weights: Targets, seed: Tensor, alpha: float
) -> tuple[Tensor, Targets, Targets]:
    """Every image laid over another one of the batch, and its targets with it.

    mixup (Zhang et al. 2018, arXiv:1710.09412): the share is drawn from Beta(alpha, alpha), once
    for each image. Targets are head → (N, 7), weights head → (N,); a target without weight gives
    none to the mixture.
    """
    stream = tf.random.fold_in(seed, 1)
    drawn = tf.random.stateless_gamma([2, tf.shape(images)[0]], stream, alpha)
    share = (drawn[0] + 1e-6) / (drawn[0] + drawn[1] + 2e-6)

    def blend(values: Tensor, part: Tensor) -> Tensor:
        return part * values + (1 - part) * values[::-1]

    mixed = {head: blend(weight, share) for head, weight in weights.items()}
    answers = {
        head: tf.math.divide_no_nan(
            share[:, None] * (weights[head][:, None] * target)
            + (1 - share[:, None]) * (weights[head][:, None] * target)[::-1],
            mixed[head][:, None],
        )
        for head, target in targets.items()
    }
    return blend(images, share[:, None, None, None]), answers, mixed


def _uniform(seed: Tensor, number: int, count: Tensor, reach: float) -> Tensor:
    """(count,) values in [-reach, reach], the number-th stream of this seed."""
    stream = tf.random.fold_in(seed, number)
    return tf.random.stateless_uniform([count], stream, -reach, reach)


def _move(images: Tensor, seed: Tensor, config: Augmentation) -> Tensor:
    """One affine transform an image: mirror, rotation, zoom and shift about the centre."""
    count, size = tf.shape(images)[0], float(images.shape[1])
    angle = _uniform(seed, 0, count, config.rotation_degrees * math.pi / 180)
    scale = 1 + _uniform(seed, 1, count, config.zoom)
    mirror = tf.sign(_uniform(seed, 2, count, 1.0) + 1e-9)
    shift_x = _uniform(seed, 3, count, config.shift * size)
    shift_y = _uniform(seed, 4, count, config.shift * size)
    cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
    centre = (size - 1) / 2
    # Rows of the matrix that maps an output pixel to its input pixel.
    a, b = cosine * mirror, -sine
    d, e = sine * mirror, cosine
    c = centre + shift_x - a * centre - b * centre
    f = centre + shift_y - d * centre - e * centre
    zero = tf.zeros_like(a)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([a, b, c, d, e, f, zero, zero], axis=1),
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def _relight(images: Tensor, seed: Tensor, config: Augmentation) -> Tensor:
    """Contrast about the image's mean, then brightness; clipped as a camera clips."""
    count = tf.shape(images)[0]
    contrast = 1 + _uniform(seed, 0, count, config.contrast)[:, None, None, None]
    brightness = 255 * _uniform(seed, 1, count, config.brightness)[:, None, None, None]
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return tf.clip_by_value((images - mean) * contrast + mean + brightness, 0.0, 255.0)


def _erase(images: Tensor, seed: Tensor, config: Augmentation) -> Tensor:
    """A rectangle of random grey over some images (Zhong et al. 2017, arXiv:1708.04896)."""
    count, size = tf.shape(images)[0], float(images.shape[1])
    chosen = _uniform(seed, 0, count, 0.5) + 0.5 < config.erase_probability
    half_w = size * (0.175 + _uniform(seed, 1, count, 0.1))
    half_h = size * (0.175 + _uniform(seed, 2, count, 0.1))
    x = size * (0.5 + _uniform(seed, 3, count, 0.5))
    y = size * (0.5 + _uniform(seed, 4, count, 0.5))
    grey = 127.5 + _uniform(seed, 5, count, 127.5)
    axis = tf.range(size)
    inside_x = tf.abs(axis[None, :] - x[:, None]) < half_w[:, None]
    inside_y = tf.abs(axis[None, :] - y[:, None]) < half_h[:, None]
    mask = inside_y[:, :, None] & inside_x[:, None, :] & chosen[:, None, None]
    return tf.where(mask[..., None], grey[:, None, None, None], images)
