"""Fit the bias of a head, which takes rare emotions into account. NumPy only."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.training import metrics

STRENGTHS: Final = np.linspace(0, 1, 21)
CAPS: Final = (1.0, 0.15, 0.05)
"""Priors above a cap count as the cap: with 1 all emotions are corrected, with 0.05 only those
that are rarer."""
WALKS: Final = 12
STEPS: Final = 900
"""From the best of those, the bias walks so often and so far at random, as long as that serves."""


class Judge(NamedTuple):
    """Faces that judge a head: logits (N, 7) and labels (N,)."""

    logits: NDArray[np.floating]
    label: NDArray[np.integer]


def prior_bias(prior: NDArray[np.float64], strength: float, cap: float) -> NDArray[np.float64]:
    """Return the bias (7,) with mean 0 that takes back a share of the prior."""
    bias = -strength * np.log(np.minimum(prior, cap))
    # A constant in all logits changes nothing; without it the numbers are easy to read.
    return np.asarray(bias - bias.mean())


class Merit:
    """How well a bias (7,) serves all emotions: the mean of balanced accuracy and macro-F1.

    All judges count the same. Where the second one has faces from elsewhere, the least recall there
    counts as much as each of those: nobody is served by a label that is never given. A bias that
    costs more than `cost` of the first one's accuracy has the merit -1.
    """

    def __init__(self, judges: Sequence[Judge], cost: float) -> None:
        self._judges = judges
        logits, label = judges[0]
        self._least = float((logits.argmax(axis=1) == label).mean()) - cost - 1e-9

    def __call__(self, bias: NDArray[np.float64]) -> float:
        """Return the merit in [0, 1], or -1."""
        found = []
        for number, (logits, label) in enumerate(self._judges):
            predicted = (logits + bias).argmax(axis=1)
            if number == 0 and (predicted == label).mean() < self._least:
                return -1.0
            matrix = metrics.confusion_matrix(label, predicted)
            recall = metrics.per_class(matrix)["recall"][matrix.sum(axis=1) > 0]
            found += [float(recall.mean()), metrics.macro_f1(matrix)]
            if number == 1:
                found.append(float(recall.min()))
        return float(np.mean(found))


def best_share(merit: Merit, prior: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the highest merit of taking back a share of the prior, and that bias."""
    starts = [prior_bias(prior, strength, cap) for cap in CAPS for strength in STRENGTHS]
    return max(((merit(start), start) for start in starts), key=lambda each: each[0])


def fit_bias(
    judges: Sequence[Judge], prior: NDArray[np.float64], cost: float
) -> tuple[float, NDArray[np.float64]]:
    """Return the highest merit found, and its bias (7,) with mean 0.

    With one judge the bias only takes a share of the prior back: seven free numbers would learn a
    small split by heart.
    """
    merit = Merit(judges, cost)
    start = best = best_share(merit, prior)
    if len(judges) == 1:
        return start
    random = np.random.default_rng(2013)
    for _ in range(WALKS):
        reached, bias = start
        for step in np.geomspace(0.3, 0.05, STEPS):
            change = random.normal(0, step, len(prior)) * (random.random(len(prior)) < 0.4)
            if (found := merit(bias + change)) > reached:
                reached, bias = found, bias + change
        best = max(best, (reached, bias), key=lambda each: each[0])
    return best[0], best[1] - best[1].mean()
