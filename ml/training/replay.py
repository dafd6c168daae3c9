"""What a fine-tune sees: reviewed faces among base faces, epoch by epoch.

A network that sees only the new ones forgets the old ones (replay; Robins 1995).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.labels import EMOTIONS, HEADS
from ml.training import data, lessons
from ml.training.config import Augmentation
from ml.training.lessons import Lesson
from ml.training.train import targets


@dataclass(frozen=True)
class Plan:
    """How much of what a fine-tune looks at.

    replay: base faces an epoch; repeats: how often a reviewed face comes in an epoch at most,
    where there are too few of them to make up `reviewed_share` of it.
    """

    epochs: int = 4
    replay: int = 8192
    reviewed_share: float = 0.25
    repeats: int = 4
    peak_learning_rate: float = 3e-4
    weight_decay: float = 0.02
    batch_size: int = 64
    seed: int = 2013


QUICK: Final = Plan(epochs=1, replay=512, batch_size=32)
"""Seconds with a small network; for tests, not for use."""


def lesson(faces: data.FaceDataset) -> Lesson:
    """Return the lesson of the base faces, which teach both heads."""
    return Lesson(faces.images, *targets(faces))


def reviewed_lesson(faces: data.FaceDataset) -> Lesson:
    """Return the lesson of the reviewed faces, which teach the head that users see.

    The other one learns FER2013's original labels, of which reviewers say nothing.
    """
    labels = np.eye(len(EMOTIONS), dtype=np.float32)[faces.label]
    consensus = labels
    if faces.consensus is not None:
        consensus = np.where(faces.has_consensus[:, None], faces.consensus, labels)
    ones, nothing = np.ones(len(faces), np.float32), np.zeros(len(faces), np.float32)
    return Lesson(
        faces.images,
        {"consensus": consensus, "fer2013": labels},
        {"consensus": ones, "fer2013": nothing},
    )


def joined(one: Lesson, other: Lesson) -> Lesson:
    """Return both lessons, one after the other."""
    return Lesson(
        np.concatenate([one.images, other.images]),
        {head: np.concatenate([one.wanted[head], other.wanted[head]]) for head in HEADS},
        {head: np.concatenate([one.weights[head], other.weights[head]]) for head in HEADS},
    )


def rows_of_epoch(base: int, reviewed: int, plan: Plan, epoch: int) -> NDArray[np.int64]:
    """Return the rows of the joined lesson that an epoch sees, in its order.

    `base` rows come first in the lesson, then `reviewed` ones.
    """
    random = np.random.default_rng([plan.seed, epoch])
    replayed = random.choice(base, min(plan.replay, base), replace=False)
    share = plan.reviewed_share
    wanted = len(replayed) * share / (1 - share) / reviewed
    times = int(np.clip(round(wanted), 1, plan.repeats))
    rows = np.concatenate([replayed, base + np.tile(np.arange(reviewed), times)])
    return random.permutation(rows)


def plans(base: Lesson, reviewed: Lesson, plan: Plan) -> Iterator[lessons.Plan]:
    """Yield what each epoch shows of both, joined."""
    for epoch in range(plan.epochs):
        rows = rows_of_epoch(len(base), len(reviewed), plan, epoch)
        random = np.random.default_rng([plan.seed, epoch, 1])
        yield lessons.plan(rows, plan.batch_size, Augmentation(), random)


def steps_of(base: Lesson, reviewed: Lesson, plan: Plan) -> int:
    """Return the number of updates of an epoch."""
    return len(rows_of_epoch(len(base), len(reviewed), plan, 0)) // plan.batch_size
