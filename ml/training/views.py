"""The ways in which a network may look at crops: sharp or softened, also in the mirror or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import calibration
from ml.classifier import Classifier
from ml.labels import HEADS
from ml.training import data

MIRROR_BELOW: Final = (0.0, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Where the view in the mirror may be asked for: never, where the first one hesitates, always."""
Logits = dict[str, NDArray[np.float32]]
"""Head → (N, 7)."""


@dataclass(frozen=True)
class View:
    """A way to look at crops; see `ml.classifier.Classifier`."""

    mirror_below: float
    soften: bool

    def __str__(self) -> str:
        names = {0.0: "single", 1.0: "flipped"}
        name = names.get(self.mirror_below, f"flipped below {self.mirror_below:g}")
        return f"{name}, softened" if self.soften else name

    def classifier(self, network: Path) -> Classifier:
        """Return a classifier that runs the network in this view."""
        return Classifier(network, mirror_below=self.mirror_below, soften=self.soften)


VIEWS: Final = tuple(View(below, soften) for below in MIRROR_BELOW for soften in (False, True))
"""Cheapest first."""


def logits_by_view(network: Path, sets: Sequence[data.FaceDataset]) -> dict[View, list[Logits]]:
    """Return each set's logits in every view; the network runs only once for each look."""
    found: dict[View, list[Logits]] = {}
    for soften in (False, True):
        classifier = Classifier(network, soften=soften)
        looks = [
            (classifier.logits(faces.images), classifier.logits(faces.images[:, :, ::-1]))
            for faces in sets
        ]
        for view in VIEWS:
            if view.soften == soften:
                found[view] = [_seen(*both, view.mirror_below) for both in looks]
    return {view: found[view] for view in VIEWS}


def _seen(plain: Logits, mirrored: Logits, mirror_below: float) -> Logits:
    """Return the logits of `ml.classifier.Classifier`, from those of both looks."""
    doubted = calibration.softmax(plain["consensus"]).max(axis=1) <= mirror_below
    return {
        head: np.where(doubted[:, None], (plain[head] + mirrored[head]) / 2, plain[head])
        for head in HEADS
    }
