"""The networks, in Keras. One trunk, two heads of seven logits.

Only `ml.training` imports this module: serving runs the exported graph.
"""

from typing import Final

import keras
from keras import layers

from ml.labels import EMOTIONS, HEADS

INPUT_SHAPE: Final = (48, 48, 1)
"""Height, width, channels of a crop: grayscale, float32 in [0, 255]."""


def vgg(
    *,
    channels: tuple[int, ...],
    dropout: tuple[float, ...],
    dense_units: int,
    dense_dropout: float,
    seed: int,
) -> keras.Model:
    """VGG-like network (Simonyan & Zisserman 2014, arXiv:1409.1556) with batch normalisation.

    Each block is twice Conv2D 3×3 → BatchNorm → ReLU, then MaxPooling and Dropout. Input
    (N, 48, 48, 1) float32 in [0, 255]; output {head: (N, 7) float32 logits} for both `HEADS`.
    """
    crops = keras.Input(INPUT_SHAPE, name="crops")
    # Each crop to zero mean and unit variance: light and contrast of the photo fall away.
    x = layers.LayerNormalization(
        axis=[1, 2, 3], center=False, scale=False, epsilon=1.0, name="standardise"
    )(crops)
    for block, (width, rate) in enumerate(zip(channels, dropout, strict=True), start=1):
        for step in (1, 2):
            x = _convolution(x, width, name=f"block{block}_conv{step}")
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
        x = layers.Dropout(rate, seed=seed + block, name=f"block{block}_dropout")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dense_units, use_bias=False, name="dense")(x)
    x = layers.BatchNormalization(name="dense_norm")(x)
    x = layers.ReLU(name="dense_relu")(x)
    x = layers.Dropout(dense_dropout, seed=seed, name="dense_dropout")(x)
    heads = {head: layers.Dense(len(EMOTIONS), name=head)(x) for head in HEADS}
    return keras.Model(crops, heads, name="vgg")


def _convolution(x: keras.KerasTensor, width: int, *, name: str) -> keras.KerasTensor:
    x = layers.Conv2D(
        width, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
