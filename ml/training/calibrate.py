"""Fit what turns logits into probabilities, on the validation split. NumPy only.

`python -m ml.training.calibrate --data FILE.npz [--version NAME]` prints what it would choose for
exported weights; `ml.training.export` writes the same into the manifest. The methods are those of
`ml.calibration`.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import calibration, manifest
from ml.classifier import Classifier
from ml.inference import DEFAULT_VERSION
from ml.labels import HEADS
from ml.manifest import HeadCalibration
from ml.training import data, metrics

STRENGTHS: Final = np.linspace(0, 1.5, 31)
CAPS: Final = (1.0, 0.1, 0.05)
"""Priors above a cap count as the cap: with 1 all emotions are corrected, with 0.05 only those
that are rarer."""
CORRECTION_COST: Final = {"consensus": 0.001, "fer2013": 0.0}
"""Accuracy that a correction of the prior may cost a head: three or four faces of the validation
split where people see the labels; nothing where only figures are compared."""
WANTED_RECALL: Final = 0.5
"""Every emotion's recall shall reach this, if a correction within its cost gets it there."""
CERTAIN_ACCURACY: Final = 0.85
"""At least this share of the labels shown as certain shall be right."""
CERTAIN_MARGIN: Final = 0.02
"""By how much the validation split must do better than that: other faces are harder."""
MIRROR_BELOW: Final = (0.0, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Where the view in the mirror may be asked for: never, where the first one hesitates, always."""
MOST_LOSS: Final = 0.005
"""Share of the heads' log loss by which a way to look may be worse than the best one. The loss
decides, since it tells two ways apart where their accuracies differ by chance; of those that it
does not tell apart, and that cost the same, the more accurate one serves."""


@dataclass(frozen=True)
class FittedHead:
    """A head's calibration with where it came from; the prior is (7,), summing to 1."""

    calibration: HeadCalibration
    prior: tuple[float, ...]
    prior_strength: float
    prior_cap: float


@dataclass(frozen=True)
class Threshold:
    """Below `threshold` a label is uncertain.

    coverage: share of faces at or above it; accuracy: how many of those are right.
    """

    threshold: float
    coverage: float
    accuracy: float


def fit_temperature(logits: NDArray[np.float64], label: NDArray[np.integer]) -> float:
    """The temperature in [0.05, 20] with the least log loss (Guo et al. 2017)."""
    low, high = np.log(0.05), np.log(20.0)
    best = 0.0
    for _ in range(6):  # each round narrows the interval tenfold
        candidates = np.linspace(low, high, 21)
        losses = [
            metrics.log_loss(calibration.softmax(logits / np.exp(value)).astype(np.float32), label)
            for value in candidates
        ]
        best = candidates[int(np.argmin(losses))]
        step = candidates[1] - candidates[0]
        low, high = best - step, best + step
    return float(np.exp(best))


def prior_bias(prior: NDArray[np.float64], strength: float, cap: float) -> NDArray[np.float64]:
    """What is added to the logits (7,), with mean 0; see `ml.calibration.probabilities`."""
    bias = -strength * np.log(np.minimum(prior, cap))
    # A constant in all logits changes nothing; without it the numbers are easy to read.
    return np.asarray(bias - bias.mean())


def fit_prior_correction(
    logits: NDArray[np.float32],
    label: NDArray[np.integer],
    prior: NDArray[np.float64],
    cost: float,
) -> tuple[float, float]:
    """Strength and cap of the correction that serves rare emotions best at about equal accuracy.

    Of those that cost at most `cost` of it: the highest macro-F1 among those where every emotion
    reaches `WANTED_RECALL`; where none does, the highest least recall.
    """
    found = []
    for cap in CAPS:
        for strength in STRENGTHS:
            predicted = (logits + prior_bias(prior, strength, cap)).argmax(axis=1)
            matrix = metrics.confusion_matrix(label, predicted)
            recall = float(metrics.per_class(matrix)["recall"][matrix.sum(axis=1) > 0].min())
            merit = (min(recall, WANTED_RECALL), metrics.macro_f1(matrix), -strength)
            found.append((merit, np.trace(matrix) / len(label), float(strength), cap))
    least = found[0][1] - cost
    _, _, strength, cap = max(each for each in found if each[1] >= least)
    return strength, cap


def fit_head(
    logits: NDArray[np.float32],
    label: NDArray[np.integer],
    prior: NDArray[np.float64],
    cost: float = 0.0,
) -> FittedHead:
    """Prior correction first, then the temperature of what it leaves."""
    strength, cap = fit_prior_correction(logits, label, prior, cost)
    bias = prior_bias(prior, strength, cap)
    temperature = fit_temperature(logits.astype(np.float64) + bias, label)
    return FittedHead(
        HeadCalibration(temperature, tuple(bias.tolist())), tuple(prior.tolist()), strength, cap
    )


def fit_threshold(probabilities: NDArray[np.float32], label: NDArray[np.integer]) -> Threshold:
    """The lowest confidence from which labels are right often enough.

    The lower end of the 95 % interval must reach `CERTAIN_ACCURACY` + `CERTAIN_MARGIN`, so that
    the promise also holds for faces that did not take part in the choice.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == label
    for threshold in np.arange(0.2, 1.0, 0.01):
        certain = confidence >= threshold
        count, hits = int(certain.sum()), int(right[certain].sum())
        if count and metrics.wilson_interval(hits, count)[0] >= CERTAIN_ACCURACY + CERTAIN_MARGIN:
            return Threshold(round(float(threshold), 2), count / len(label), hits / count)
    return Threshold(1.0, 0.0, 0.0)


def judged(faces: data.FaceDataset, head: str) -> tuple[NDArray[np.bool_], NDArray[np.integer]]:
    """Rows (N,) that judge a head, and the labels of those rows.

    The consensus head is judged by the FER+ majority where the data have votes.
    """
    if head == "consensus" and faces.consensus is not None:
        rows = faces.has_consensus
        return rows, faces.consensus[rows].argmax(axis=1)
    return np.ones(len(faces), np.bool_), faces.label


def priors(faces: data.FaceDataset) -> dict[str, NDArray[np.float64]]:
    """How frequent each emotion is in the training targets of each head, (7,) each."""
    labels = np.bincount(faces.label, minlength=7).astype(np.float64)
    votes = labels if faces.consensus is None else faces.consensus.sum(axis=0, dtype=np.float64)
    counts = {"consensus": votes, "fer2013": labels}
    return {head: (count + 1) / (count + 1).sum() for head, count in counts.items()}


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
        """The network, looking in this way."""
        return Classifier(network, mirror_below=self.mirror_below, soften=self.soften)


VIEWS: Final = tuple(View(below, soften) for below in MIRROR_BELOW for soften in (False, True))
"""Cheapest first."""


@dataclass(frozen=True)
class Fit:
    """All that the manifest needs of the validation split.

    accuracy and log_loss: view (`str(View)`) → head → figure; the loss is calibrated.
    """

    heads: dict[str, FittedHead]
    uncertain: Threshold
    view: View
    accuracy: dict[str, dict[str, float]]
    log_loss: dict[str, dict[str, float]]

    def classifier(self, network: Path) -> Classifier:
        """The network, looking in the way that was chosen."""
        return self.view.classifier(network)


def fit(network: Path, training: data.FaceDataset, validation: data.FaceDataset) -> Fit:
    """Choose everything for an exported network; `training` only gives the priors."""
    prior = priors(training)
    logits, heads = {}, {}
    accuracy: dict[str, dict[str, float]] = {}
    losses: dict[str, dict[str, float]] = {}
    for view in VIEWS:
        logits[view] = view.classifier(network).logits(validation.images)
        accuracy[str(view)] = _accuracies(logits[view], validation)
        heads[view], losses[str(view)] = _fit_heads(logits[view], validation, prior)
    view = choose_view(
        {view: sum(losses[str(view)].values()) for view in VIEWS},
        {view: sum(accuracy[str(view)].values()) for view in VIEWS},
    )
    rows, label = judged(validation, "consensus")
    constants = heads[view]["consensus"].calibration
    certain = calibration.probabilities(logits[view]["consensus"][rows], constants)
    threshold = fit_threshold(certain, label)
    return Fit(heads[view], threshold, view, accuracy, losses)


def choose_view(loss: dict[View, float], accuracy: dict[View, float]) -> View:
    """The most accurate of those that ask for the mirror least often and lose at most `MOST_LOSS`.

    Both figures are summed over the heads.
    """
    most = (1 + MOST_LOSS) * min(loss.values())
    enough = [view for view in VIEWS if loss[view] <= most]
    cheap = [view for view in enough if view.mirror_below == enough[0].mirror_below]
    return max(cheap, key=lambda view: (accuracy[view], -loss[view]))


def _fit_heads(
    logits: dict[str, NDArray[np.float32]],
    faces: data.FaceDataset,
    prior: dict[str, NDArray[np.float64]],
) -> tuple[dict[str, FittedHead], dict[str, float]]:
    """Both heads' calibration, and the log loss it leaves."""
    heads, losses = {}, {}
    for head in HEADS:
        rows, label = judged(faces, head)
        own = logits[head][rows]
        heads[head] = fit_head(own, label, prior[head], CORRECTION_COST[head])
        fitted = calibration.probabilities(own, heads[head].calibration)
        losses[head] = metrics.log_loss(fitted, label)
    return heads, losses


def _accuracies(
    logits: dict[str, NDArray[np.float32]], faces: data.FaceDataset
) -> dict[str, float]:
    result = {}
    for head in HEADS:
        rows, label = judged(faces, head)
        result[head] = float((logits[head][rows].argmax(axis=1) == label).mean())
    return result


def main() -> None:
    """Parse the command line, fit and print."""
    parser = argparse.ArgumentParser(description="Fit the calibration on the validation split.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--version", default=DEFAULT_VERSION, help="exported weights")
    arguments = parser.parse_args()
    try:
        weights = manifest.read(arguments.version)
        manifest.verify_files(weights)
    except manifest.ManifestError as error:
        parser.error(str(error))
    training = data.load(arguments.data, data.Split.TRAIN)
    validation = data.load(arguments.data, data.Split.VALIDATION)
    print(json.dumps(asdict(fit(weights.serving_path, training, validation)), indent=2))


if __name__ == "__main__":
    main()
