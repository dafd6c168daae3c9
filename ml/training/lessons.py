"""What a network is shown: batches that are made of a lesson by plans.

NumPy draws the plan of every epoch from seed and number alone, so a resumed run sees what an
uninterrupted one does. The images are made of it within the network's own training step, on any
backend of Keras. With JAX the step is an epoch: on a GPU a batch takes less time than Python needs
to ask for the next one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops, tree
from numpy.typing import NDArray

from ml.labels import EMOTIONS, HEADS
from ml.training import draws
from ml.training.augmentation import augment, mix
from ml.training.config import Augmentation
from ml.training.teachers import Panel, blend

Plan = dict[str, NDArray[Any]]
"""rows (S, B) of a lesson, draws (S, B, `draws.COUNT`) and shares of the mixture (S, B) for S
batches of B faces."""
Batch = tuple[Any, dict[str, Any], dict[str, Any]]
"""Pixels (B, 48, 48, 1), targets and weights by head."""


@dataclass(frozen=True)
class Lesson:
    """Images (N, 48, 48) uint8 with targets (N, 7) and weights (N,) by head.

    Where there is a panel of teachers, it says what it sees in each changed image; that makes up
    `teachers_share` of the targets.
    """

    images: NDArray[np.uint8]
    wanted: dict[str, Any]
    weights: dict[str, Any]
    changes: Augmentation = field(default_factory=Augmentation)
    panel: Panel | None = None
    teachers_share: float = 0.0

    def __len__(self) -> int:
        return len(self.images)

    def tables(self) -> dict[str, Any]:
        """Return all that batches are made of, as tensors."""
        arrays = {"images": self.images, "wanted": self.wanted, "weights": self.weights}
        tensors: dict[str, Any] = tree.map_structure(ops.convert_to_tensor, arrays)
        return tensors | {"panel": self.panel.weights() if self.panel else []}

    def batch(self, tables: dict[str, Any], plan: Any) -> Batch:
        """Return the batch of a plan whose arrays begin with B."""

        def row(table: Any) -> Any:
            return ops.take(table, plan["rows"], axis=0)

        pixels = augment(
            ops.cast(row(tables["images"]), "float32")[..., None], plan["draws"], self.changes
        )
        wanted, weights = tree.map_structure(row, (tables["wanted"], tables["weights"]))
        if self.changes.mixup:
            pixels, wanted, weights = mix(pixels, wanted, weights, plan["shares"])
        if self.panel:
            wanted = blend(wanted, self.panel.opinion(tables["panel"], pixels), self.teachers_share)
            weights = tree.map_structure(ops.ones_like, weights)
        return pixels, wanted, weights


def plan(
    rows: NDArray[np.integer], batch_size: int, changes: Augmentation, random: np.random.Generator
) -> Plan:
    """Return the plan of an epoch that shows these rows, whole batches of them, in this order."""
    steps = len(rows) // batch_size
    shape = (steps, batch_size)
    alpha = changes.mixup or 1.0
    return {
        "rows": rows[: steps * batch_size].reshape(shape).astype(np.int32),
        "draws": random.random((*shape, draws.COUNT), np.float32),
        "shares": random.beta(alpha, alpha, shape).astype(np.float32),
    }


def calls(steps: int) -> int:
    """Return how often the network is called for so many batches: with JAX, once."""
    return 1 if _whole_epochs() else steps


def batches(lesson: Lesson, plans: Iterable[Plan]) -> Iterator[Batch]:
    """Yield the batches of plans, one by one, for whoever looks at them outside a network."""
    tables = lesson.tables()
    return (lesson.batch(tables, each) for each in _single(plans))


def teach(model: keras.Model, lesson: Lesson, plans: Iterator[Plan]) -> Iterator[tuple[Any, ...]]:
    """Let a compiled model make its batches itself; returns what `model.fit` is to be given.

    An epoch of that are `calls` of its batches.
    """
    _prepare(model)
    tables = lesson.tables()
    learn: Callable[..., Any] = model.train_step
    if _whole_epochs():

        def train_step(state: Any, data: tuple[Any, Any]) -> Any:
            # The tables come in from outside: what a function closes over is compiled into it.
            own, planned = data

            def step(state: Any, each: Any) -> Any:
                logs, state = learn(state, lesson.batch(own, each))
                return state, logs

            state, logs = ops.scan(step, state, planned)
            return tree.map_structure(lambda values: values[-1], logs), state

        model.train_step = train_step
        return ((tables, each) for each in plans)

    model.train_step = lambda data: learn(lesson.batch(tables, data[0]))
    return ((each,) for each in _single(plans))


def _whole_epochs() -> bool:
    return bool(keras.backend.backend() == "jax")


def _single(plans: Iterable[Plan]) -> Iterator[Plan]:
    """Yield each batch's plan, whose arrays begin with B."""
    for each in plans:
        for step in range(len(each["rows"])):
            yield {name: values[step] for name, values in each.items()}


def _prepare(model: keras.Model) -> None:
    """Let loss and metrics learn what they are of; `model.fit` would ask its first batch."""
    pixels = np.zeros((1, *model.input_shape[1:]), np.float32)
    answers = {head: ops.zeros((1, len(EMOTIONS))) for head in HEADS}
    weights = {head: ops.ones(1) for head in HEADS}
    model.compute_loss(pixels, answers, answers, weights)
    model.compute_metrics(pixels, answers, answers, weights)
    model.reset_metrics()
    model.optimizer.build(model.trainable_variables)
