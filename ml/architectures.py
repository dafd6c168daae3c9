"""The networks, in Keras. One trunk, two heads of seven logits.

Only `ml.training` imports this module: serving runs the exported graph.
"""

from pathlib import Path
from typing import Any, Final, Literal

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from ml.labels import EMOTIONS, HEADS

INPUT_SHAPE: Final = (48, 48, 1)
"""Height, width, channels of a crop: grayscale, float32 in [0, 255]."""


@keras.saving.register_keras_serializable("emotionsite")
class FusedBatchNormalization(layers.BatchNormalization):
    """Batch normalisation whose training step is one operation: it takes half of Keras' time.

    The fused operation is used in training with TensorFlow, for feature maps (N, H, W, C) in
    float32 or bfloat16. In all other cases the layer behaves as its parent does. It has the same
    weights.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise by the batch's mean and variance, and update the moving averages."""
        if not training or len(inputs.shape) != 4 or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

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


@keras.saving.register_keras_serializable("emotionsite")
class Enlargement(layers.Layer):
    """Enlarge square maps (N, H, H, C) to (N, side, side, C) by bilinear interpolation.

    Samples are taken between pixel centres, by two products with a constant matrix. Keras' own
    `Resizing` gives different results when called and in `predict` (Keras 3.15, TensorFlow 2.21).
    """

    def __init__(self, side: int, **options: Any) -> None:
        super().__init__(**options)
        self.side = side

    def call(self, inputs: Any) -> Any:
        """Interpolate rows, then columns."""
        matrix = keras.ops.cast(_between(inputs.shape[1], self.side), inputs.dtype)
        rows = keras.ops.einsum("oh,nhwc->nowc", matrix, inputs)
        return keras.ops.einsum("ow,nhwc->nhoc", matrix, rows)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return (N, side, side, C)."""
        return (input_shape[0], self.side, self.side, input_shape[3])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config: dict[str, Any] = super().get_config()
        return config | {"side": self.side}


def _between(height: int, side: int) -> NDArray[np.float32]:
    """Return the interpolation weights (side, height): rows are outputs, columns are inputs."""
    places = (np.arange(side) + 0.5) * height / side - 0.5
    distance = np.abs(np.clip(places, 0, height - 1)[:, None] - np.arange(height))
    return np.asarray(np.clip(1 - distance, 0, 1), np.float32)


Block = Literal["plain", "residual", "separable"]
"""One step of a block. plain: a convolution. residual: a convolution whose output is added to its
input where the number of channels allows it (He et al. 2015, arXiv:1512.03385). separable: a
depthwise and a pointwise convolution (Howard et al. 2017, arXiv:1704.04861)."""


def vgg(
    *,
    channels: tuple[int, ...],
    convolutions: tuple[int, ...],
    dropout: tuple[float, ...],
    dense_units: int,
    dense_dropout: float,
    seed: int,
    block: Block = "plain",
    squeeze_excitation: bool = False,
    side: int = INPUT_SHAPE[0],
) -> keras.Model:
    """Build a network like VGG (Simonyan & Zisserman 2014, arXiv:1409.1556), batch-normalised.

    Crops are first enlarged to `side`. A block has as many steps as `convolutions` says, each
    Conv2D 3×3 → BatchNorm → ReLU or another `Block`; then MaxPooling, squeeze and excitation (Hu et
    al. 2017, arXiv:1709.01507) if asked for, and Dropout. Input: (N, 48, 48, 1) float32 in
    [0, 255]. Output: {head: (N, 7) float32 logits} for both `HEADS`; the heads compute in float32
    whatever the precision of the rest.
    """
    crops = keras.Input(INPUT_SHAPE, name="crops")
    # Each crop gets zero mean and unit variance, which removes light and contrast of the photo.
    x = layers.LayerNormalization(
        axis=[1, 2, 3], center=False, scale=False, epsilon=1.0, dtype="float32", name="standardise"
    )(crops)
    if side != INPUT_SHAPE[0]:
        x = Enlargement(side, name="enlarge")(x)
    blocks = zip(channels, convolutions, dropout, strict=True)
    for number, (width, count, rate) in enumerate(blocks, start=1):
        for step in range(1, count + 1):
            x = _step(x, width, block, name=f"block{number}_conv{step}")
        pooled = layers.MaxPooling2D(name=f"block{number}_pool")(x)
        if squeeze_excitation:
            # Weights are positive, so that scaling after pooling gives the same for a quarter.
            scale = _squeeze_excitation(x, width, name=f"block{number}_squeeze")
            pooled = layers.Multiply(name=f"block{number}_squeeze_scale")([pooled, scale])
        x = pooled
        x = layers.Dropout(rate, seed=seed + number, name=f"block{number}_dropout")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dense_units, use_bias=False, name="dense")(x)
    x = layers.BatchNormalization(name="dense_norm")(x)
    x = layers.ReLU(name="dense_relu")(x)
    x = layers.Dropout(dense_dropout, seed=seed, name="dense_dropout")(x)
    heads = {head: layers.Dense(len(EMOTIONS), dtype="float32", name=head)(x) for head in HEADS}
    return keras.Model(crops, heads, name="vgg")


def _step(x: keras.KerasTensor, width: int, block: Block, *, name: str) -> keras.KerasTensor:
    if block == "separable" and x.shape[-1] > 1:
        depth = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"{name}_depth")(x)
        x = _activated(depth, name=f"{name}_depth")
        return _activated(_convolution(x, width, 1, name=name), name=name)
    y = _convolution(x, width, 3, name=name)
    if block == "residual" and x.shape[-1] == width:
        y = layers.Add(name=f"{name}_add")([x, FusedBatchNormalization(name=f"{name}_norm")(y)])
        return layers.ReLU(name=f"{name}_relu")(y)
    return _activated(y, name=name)


def _convolution(x: keras.KerasTensor, width: int, size: int, *, name: str) -> keras.KerasTensor:
    return layers.Conv2D(
        width, size, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)


def _activated(x: keras.KerasTensor, *, name: str) -> keras.KerasTensor:
    x = FusedBatchNormalization(name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _squeeze_excitation(x: keras.KerasTensor, width: int, *, name: str) -> keras.KerasTensor:
    """Return weights (N, 1, 1, width) from 0 to 1, computed from the means of all channels.

    Dense layers would be the same, but are exported with reshapes that cost a tenth of the time.
    """
    scale = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    scale = layers.Conv2D(max(width // 8, 4), 1, activation="relu", name=f"{name}_in")(scale)
    return layers.Conv2D(width, 1, activation="sigmoid", name=f"{name}_out")(scale)


def load(path: Path, precision: str = "float32") -> keras.Model:
    """Load a stored network, not compiled, that computes in this precision."""
    return in_precision(keras.saving.load_model(path, compile=False), precision)


def in_precision(
    model: keras.Model, precision: str, normalisation: type = FusedBatchNormalization
) -> keras.Model:
    """Return a copy of the network with the same weights that computes in this precision.

    The input, its standardisation and the heads stay in float32.
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


def carried_over(start: keras.Model, model: keras.Model) -> list[NDArray[np.float32]]:
    """Return the weights of `start` for `model`, which may differ from it in `side` and in depth.

    The kernel of the first dense layer is resampled to maps of the other size. For even maps its
    output does not change. Steps that only `start` has are left out. A dense layer of `start` may
    be a convolution of 1×1 here.
    """
    old, new = (network.get_layer("flatten").input.shape[1] for network in (start, model))
    kept = {layer.name: layer.get_weights() for layer in start.layers}
    if old != new:
        matrix, (kernel,) = _between(old, new), kept["dense"]
        maps = kernel.reshape(old, old, -1, kernel.shape[1])
        spread = np.einsum("oh,pw,hwcu->opcu", matrix, matrix, maps) * (old / new) ** 2
        kept["dense"] = [spread.reshape(-1, kernel.shape[1])]
    return [
        weights.reshape(wanted.shape)
        for layer in model.layers
        if layer.weights
        for weights, wanted in zip(kept[layer.name], layer.weights, strict=True)
    ]


def for_serving(model: keras.Model) -> keras.Model:
    """Return a copy of the network in float32 that has only Keras' own layers."""
    return in_precision(model, "float32", layers.BatchNormalization)
