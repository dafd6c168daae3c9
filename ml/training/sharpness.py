"""Sharpness-aware minimisation: training towards flat minima, which generalise better.

Foret et al. 2021 (arXiv:2010.01412): the gradient that the optimizer follows is taken where the
loss is highest within a small radius. The way there is found on a quarter of the batch, as in Bahri
et al. 2022 (arXiv:2110.08529), so that a step costs a quarter more and not twice as much.
"""

from types import MethodType
from typing import Any, Final

import keras
import tensorflow as tf

ASCENT_SHARE: Final = 4
"""One image in so many finds the way up."""


def seek_flat_minima(model: keras.Model, radius: float) -> None:
    """Let a compiled model train with this radius (L2 norm of all weights' change together).

    Set on the model itself: a class of its own would be written into every file it is saved to.
    """

    def train_step(self: keras.Model, batch: Any) -> dict[str, Any]:
        images, wanted, sample_weights = batch
        weights = self.trainable_variables
        first = tf.nest.map_structure(lambda values: values[::ASCENT_SHARE], batch)
        uphill, _, _ = _gradients(self, *first)
        scale = radius / (tf.linalg.global_norm(uphill) + 1e-12)
        climb = [scale * gradient for gradient in uphill]
        for weight, change in zip(weights, climb, strict=True):
            weight.assign_add(change)
        gradients, answers, loss = _gradients(self, *batch)
        for weight, change in zip(weights, climb, strict=True):
            weight.assign_sub(change)
        self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
        # Keras' own mean of the loss, the first of a compiled model's metrics.
        self.metrics[0].update_state(loss, sample_weight=tf.shape(images)[0])
        return dict(self.compute_metrics(images, wanted, answers, sample_weights))

    model.train_step = MethodType(train_step, model)


def _gradients(
    model: keras.Model, images: Any, wanted: Any, sample_weights: Any
) -> tuple[list[Any], Any, Any]:
    """Return the gradients of the loss, the model's answers, and the loss."""
    with tf.GradientTape() as tape:
        answers = model(images, training=True)
        loss = model.compute_loss(images, wanted, answers, sample_weights, training=True)
    return tape.gradient(loss, model.trainable_variables), answers, loss
