"""Teachers: finished networks whose opinions a smaller one learns from.

Knowledge distillation (Hinton et al. 2015, arXiv:1503.02531) in its "consistent" form (Beyer et al.
2022, arXiv:2106.05237): the teachers see the very image that the student sees, as the augmentation
changed it. Only training images pass here.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import keras
import tensorflow as tf

from ml import architectures
from ml.labels import HEADS
from ml.manifest import WEIGHTS_FOLDER

TEACHERS_FOLDER: Final = WEIGHTS_FOLDER / "teachers"
"""Networks that never serve; released versions teach as well."""

Targets = dict[str, Any]
"""Head → (N, 7) float32 distributions, tensors."""


def path_of(name: str) -> Path:
    """The file of this teacher. Raises ValueError where there is none."""
    for path in (TEACHERS_FOLDER / f"{name}.keras", WEIGHTS_FOLDER / name / "model.keras"):
        if path.is_file():
            return path
    raise ValueError(f"there is no teacher {name!r} in {WEIGHTS_FOLDER}")


def load(name: str, precision: str = "float32") -> keras.Model:
    """A teacher, computing in that precision. Raises ValueError where there is none."""
    return architectures.load(path_of(name), precision)


def opinion(names: Sequence[str], precision: str) -> Callable[[Any], Targets]:
    """A function from images (N, 48, 48, 1) to the mean probabilities of these teachers."""
    models = [load(name, precision) for name in names]

    def mean(images: Any) -> Targets:
        logits = [model(images, training=False) for model in models]
        return {
            head: tf.add_n([tf.nn.softmax(each[head]) for each in logits]) / len(models)
            for head in HEADS
        }

    return mean


def blend(labels: Targets, opinions: Targets, share: float) -> Targets:
    """Targets of which the teachers make up `share`; all of it where an image has no label."""
    blended = {}
    for head in HEADS:
        has_label = tf.reduce_sum(labels[head], axis=1, keepdims=True) > 0
        part = tf.where(has_label, share, 1.0)
        blended[head] = (1 - part) * labels[head] + part * opinions[head]
    return blended
