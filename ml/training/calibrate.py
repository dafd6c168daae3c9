"""Fit what turns logits into probabilities. NumPy only.

`python -m ml.training.calibrate --data FILE.npz [--elsewhere FILE.npz] [--version NAME]` prints
what it would choose for exported weights; `ml.training.export` writes the same into the manifest.
The methods are those of `ml.calibration`. What is chosen serves the faces of the validation split
and, where a file of them is given, faces from elsewhere: docs/decisions/0029-judged-by-transfer.md.
"""

import argparse
import json
from collections.abc import Sequence
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
from ml.training.bias import Judge, Merit, best_share, fit_bias
from ml.training.views import VIEWS, Logits, View, logits_by_view

CORRECTION_COST: Final = {"consensus": 0.008, "fer2013": 0.0}
"""Accuracy on validation that the bias may cost a head, in favour of faces from elsewhere. Decision
0041 has the curve."""
ELSEWHERE_ERROR: Final = 0.44
"""How much a calibration error on faces from elsewhere counts, against 1 on validation: 0.09 may
remain there where 0.04 may here."""
CERTAIN_ACCURACY: Final = 0.85
"""At least this share of the labels shown as certain shall be right."""
CERTAIN_MARGIN: Final = 0.02
"""By how much the validation split must do better than that: other faces are harder."""
CERTAIN_ELSEWHERE: Final = 0.80
"""The share for faces from elsewhere."""
MAX_LOSS: Final = 0.005
"""Of merit, that a view may lose against the best; the cheapest of those serves."""


@dataclass(frozen=True)
class FittedHead:
    """A head's calibration, the prior (7,) of its training targets and the merit it reaches."""

    calibration: HeadCalibration
    prior: tuple[float, ...]
    merit: float


@dataclass(frozen=True)
class Threshold:
    """Below `threshold` a label is uncertain.

    coverage: share of faces at or above it; accuracy: how many of those are right. Both are of the
    validation split.
    """

    threshold: float
    coverage: float
    accuracy: float


def fit_temperature(judges: Sequence[Judge]) -> float:
    """Return the temperature in [0.2, 5] with the least calibration error (Guo et al. 2017).

    Of two sets of faces, the greater error counts; on the second one `ELSEWHERE_ERROR` times.
    """
    weights = (1.0, ELSEWHERE_ERROR)

    def error(temperature: float) -> float:
        return max(
            weight
            * calibration.expected_calibration_error(
                calibration.softmax(judge.logits / temperature).astype(np.float32), judge.label
            )
            for weight, judge in zip(weights, judges, strict=False)
        )

    coarse = min(np.geomspace(0.2, 5, 60), key=error)
    return float(min(coarse * np.geomspace(0.95, 1.05, 21), key=error))


def fit_head(judges: Sequence[Judge], prior: NDArray[np.float64], cost: float = 0.0) -> FittedHead:
    """Fit the bias first, then the temperature of the corrected logits."""
    merit, bias = fit_bias(judges, prior, cost)
    temperature = fit_temperature([Judge(logits + bias, label) for logits, label in judges])
    return FittedHead(
        HeadCalibration(temperature, tuple(bias.tolist())), tuple(prior.tolist()), merit
    )


def fit_threshold(judges: Sequence[Judge], constants: HeadCalibration) -> Threshold:
    """Return the lowest confidence from which labels are right often enough for every judge.

    The lower end of the 95 % interval must reach it, on validation with `CERTAIN_MARGIN`.
    """
    answers = []
    for logits, label in judges:
        seen = calibration.probabilities(logits, constants)
        answers.append((seen.max(axis=1), seen.argmax(axis=1) == label))
    wanted = (CERTAIN_ACCURACY + CERTAIN_MARGIN, CERTAIN_ELSEWHERE)
    for threshold in np.arange(0.2, 1.0, 0.01):
        certain = [right[confidence >= threshold] for confidence, right in answers]
        if all(_often_enough(*each) for each in zip(certain, wanted, strict=False)):
            coverage = len(certain[0]) / len(judges[0].label)
            return Threshold(round(float(threshold), 2), coverage, float(certain[0].mean()))
    return Threshold(1.0, 0.0, 0.0)


def _often_enough(right: NDArray[np.bool_], share: float) -> bool:
    count = len(right)
    return count > 0 and metrics.wilson_interval(int(right.sum()), count)[0] >= share


def judged(faces: data.FaceDataset, head: str) -> tuple[NDArray[np.bool_], NDArray[np.integer]]:
    """Return rows (N,) that judge a head, and the labels of those rows.

    The consensus head is judged by the FER+ majority where the data have votes.
    """
    if head == "consensus" and faces.consensus is not None:
        rows = faces.has_consensus
        return rows, faces.consensus[rows].argmax(axis=1)
    return np.ones(len(faces), np.bool_), faces.label


def priors(faces: data.FaceDataset) -> dict[str, NDArray[np.float64]]:
    """Return the frequencies (7,) of the emotions in the training targets of each head."""
    labels = np.bincount(faces.label, minlength=7).astype(np.float64)
    votes = labels if faces.consensus is None else faces.consensus.sum(axis=0, dtype=np.float64)
    counts = {"consensus": votes, "fer2013": labels}
    return {head: (count + 1) / (count + 1).sum() for head, count in counts.items()}


@dataclass(frozen=True)
class Fit:
    """All that the manifest needs of the choice.

    accuracy: view (`str(View)`) → head → uncalibrated accuracy on validation; merit: view → what
    `consensus` reaches by taking a share of the prior back.
    """

    heads: dict[str, FittedHead]
    uncertain: Threshold
    view: View
    accuracy: dict[str, dict[str, float]]
    merit: dict[str, float]

    def classifier(self, network: Path) -> Classifier:
        """Return a classifier that runs the network in the chosen view."""
        return self.view.classifier(network)


def fit(
    network: Path,
    training: data.FaceDataset,
    validation: data.FaceDataset,
    elsewhere: data.FaceDataset | None = None,
) -> Fit:
    """Choose everything for an exported network; `training` only gives the priors."""
    prior = priors(training)
    cost = CORRECTION_COST if elsewhere is not None else dict.fromkeys(HEADS, 0.0)
    sets = [validation] if elsewhere is None else [validation, elsewhere]
    judges = {view: _judges(logits, sets) for view, logits in logits_by_view(network, sets).items()}
    merit = {
        view: best_share(Merit(each["consensus"], cost["consensus"]), prior["consensus"])[0]
        for view, each in judges.items()
    }
    view = choose_view(merit)
    chosen = judges[view]
    heads = {head: fit_head(chosen[head], prior[head], cost[head]) for head in HEADS}
    return Fit(
        heads,
        fit_threshold(chosen["consensus"], heads["consensus"].calibration),
        view,
        {str(view): _accuracies(judges[view]) for view in VIEWS},
        {str(view): merit[view] for view in VIEWS},
    )


def choose_view(merit: dict[View, float]) -> View:
    """Return the best view of the cheapest that lose at most `MAX_LOSS`: few need the mirror."""
    least = max(merit.values()) - MAX_LOSS
    enough = [view for view in VIEWS if merit[view] >= least]
    cheap = [view for view in enough if view.mirror_below == enough[0].mirror_below]
    return max(cheap, key=lambda view: merit[view])


def _judges(logits: Sequence[Logits], sets: Sequence[data.FaceDataset]) -> dict[str, list[Judge]]:
    """Return head → its judges. Faces from elsewhere judge only `consensus`, which people see."""
    found: dict[str, list[Judge]] = {head: [] for head in HEADS}
    for number, (said, faces) in enumerate(zip(logits, sets, strict=True)):
        for head in HEADS if number == 0 else HEADS[:1]:
            rows, label = judged(faces, head)
            found[head].append(Judge(said[head][rows], label))
    return found


def _accuracies(judges: dict[str, list[Judge]]) -> dict[str, float]:
    return {
        head: float((first.logits.argmax(axis=1) == first.label).mean())
        for head, (first, *_) in judges.items()
    }


def main() -> None:
    """Parse the command line, fit and print."""
    parser = argparse.ArgumentParser(description="Fit the calibration.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--elsewhere", type=Path, help="an .npz of faces from elsewhere")
    parser.add_argument("--version", default=DEFAULT_VERSION, help="exported weights")
    arguments = parser.parse_args()
    try:
        weights = manifest.read(arguments.version)
        manifest.verify_files(weights)
    except manifest.ManifestError as error:
        parser.error(str(error))
    training = data.load(arguments.data, data.Split.TRAIN)
    validation = data.load(arguments.data, data.Split.VALIDATION)
    elsewhere = data.load(arguments.elsewhere) if arguments.elsewhere else None
    found = fit(weights.serving_path, training, validation, elsewhere)
    print(json.dumps(asdict(found), indent=2))


if __name__ == "__main__":
    main()
