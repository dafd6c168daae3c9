"""The networks, in Keras. One trunk, two heads of seven logits.

Only `ml.training` imports this module: serving runs the exported graph.
"""

from pathlib import Path
from typing import Any, Final

import keras
import tensorflow as tf
from keras import layers

from ml.labels import EMOTIONS, HEADS

INPUT_SHAPE: Final = (48, 48, 1)
"""Height, width, channels of a crop: grayscale, float32 in [0, 255]."""


@keras.saving.register_keras_serializable("emotionsite")
class FusedBatchNormalization(layers.BatchNormalization):
    """Batch normalisation whose training step is one operation: half the time of Keras' own.

    For feature maps (N, H, W, C) in float32 or bfloat16; otherwise and when it does not train it
    is its parent, whose weights it has.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise by this batch's mean and variance, and keep their moving averages."""
        if not training or len(inputs.shape) != 4:
            return super().call(inputs, training=training, mask=mask)
        normalised, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, tf.float32),
            offset=tf.cast(self.beta, tf.float32),
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        for kept, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            kept.assign(kept * self.momentum + value * (1 - self.momentum))
        return normalised


def vgg(
    *,
    channels: tuple[int, ...],
    convolutions: tuple[int, ...],
    dropout: tuple[float, ...],
    dense_units: int,
    dense_dropout: float,
    seed: int,
) -> keras.Model:
    """VGG-like network (Simonyan & Zisserman 2014, arXiv:1409.1556) with batch normalisation.

    Each block is some times (`convolutions`) Conv2D 3×3 → BatchNorm → ReLU, then MaxPooling and
    Dropout. Input (N, 48, 48, 1) float32 in [0, 255]; output {head: (N, 7) float32 logits} for
    both `HEADS`, in float32 whatever precision Keras computes the rest in.
    """
    crops = keras.Input(INPUT_SHAPE, name="crops")
    # Each crop to zero mean and unit variance: light and contrast of the photo fall away.
    x = layers.LayerNormalization(
        axis=[1, 2, 3], center=False, scale=False, epsilon=1.0, dtype="float32", name="standardise"
    )(crops)
    blocks = zip(channels, convolutions, dropout, strict=True)
    for block, (width, count, rate) in enumerate(blocks, start=1):
        for step in range(1, count + 1):
            x = _convolution(x, width, name=f"block{block}_conv{step}")
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
        x = layers.Dropout(rate, seed=seed + block, name=f"block{block}_dropout")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dense_units, use_bias=False, name="dense")(x)
    x = layers.BatchNormalization(name="dense_norm")(x)
    x = layers.ReLU(name="dense_relu")(x)
    x = layers.Dropout(dense_dropout, seed=seed, name="dense_dropout")(x)
    heads = {head: layers.Dense(len(EMOTIONS), dtype="float32", name=head)(x) for head in HEADS}
    return keras.Model(crops, heads, name="vgg")


def _convolution(x: keras.KerasTensor, width: int, *, name: str) -> keras.KerasTensor:
    x = layers.Conv2D(
        width, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)
    x = FusedBatchNormalization(name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def load(path: Path, precision: str = "float32") -> keras.Model:
    """A stored network, not compiled, computing in that precision."""
    return in_precision(keras.saving.load_model(path, compile=False), precision)


def in_precision(
    model: keras.Model, precision: str, normalisation: type = FusedBatchNormalization
) -> keras.Model:
    """The same network with the same weights, computing in that precision.

    Its first and last layers, which stay in float32, excepted.
    """

    def same_layer(layer: layers.Layer) -> layers.Layer:
        kind = type(layer)
        if isinstance(layer, layers.BatchNormalization):
            kind = normalisation
        policy = "float32" if layer.name in ("crops", "standardise", *HEADS) else precision
        return kind.from_config(layer.get_config() | {"dtype": policy})

    clone = keras.models.clone_model(model, clone_function=same_layer)
    clone.set_weights(model.get_weights())
    return clone


def for_serving(model: keras.Model) -> keras.Model:
    """The same network in float32 and of Keras' own layers only."""
    return in_precision(model, "float32", layers.BatchNormalization)
