"""Print what a bias costs and what it brings elsewhere.

    python -m ml.training.studies.bias_cost

For exported weights, seen once: at each accuracy lost on validation, the best bias and the figures
of both sets of faces. Prints a Markdown table. Decision 0041 chose by it.
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import manifest
from ml.classifier import Classifier
from ml.inference import DEFAULT_VERSION
from ml.training import data, metrics
from ml.training.bias import Judge, fit_bias
from ml.training.calibrate import judged, priors

COSTS: Final = (0.0, 0.003, 0.006, 0.008, 0.013, 0.02, 0.03, 0.05)
COLUMNS: Final = (
    *("points lost", "FER+ accuracy", "macro-F1"),
    *("elsewhere accuracy", "macro-F1", "least recall"),
)


def figures(judge: Judge, bias: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return accuracy, macro-F1 and the least recall of an emotion under this bias."""
    matrix = metrics.confusion_matrix(judge.label, (judge.logits + bias).argmax(axis=1))
    recall = metrics.per_class(matrix)["recall"][matrix.sum(axis=1) > 0]
    return float(np.trace(matrix) / matrix.sum()), metrics.macro_f1(matrix), float(recall.min())


def main() -> None:
    """Parse the command line, fit and print."""
    parser = argparse.ArgumentParser(description="Measure what a bias costs and brings.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--elsewhere", type=Path, required=True, help="faces from elsewhere")
    parser.add_argument("--version", default=DEFAULT_VERSION, help="name of the weights")
    arguments = parser.parse_args()
    classifier = Classifier(manifest.read(arguments.version).serving_path)
    sets = (data.load(arguments.data, data.Split.VALIDATION), data.load(arguments.elsewhere))
    judges = []
    for faces in sets:
        rows, label = judged(faces, "consensus")
        judges.append(Judge(classifier.logits(faces.images[rows])["consensus"], label))
    prior = priors(data.load(arguments.data, data.Split.TRAIN))["consensus"]
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}")
    for cost in COSTS:
        _, bias = fit_bias(judges, prior, cost)
        here, there = (figures(judge, bias) for judge in judges)
        cells = [f"{100 * cost:.1f}", *(f"{value:.3f}" for value in (*here[:2], *there))]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
