"""The figures of an exported network that go into its manifest, with confidence intervals."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import calibration
from ml.classifier import Classifier
from ml.labels import HEADS
from ml.training import data, metrics
from ml.training.calibrate import Fit, judged

Results = dict[str, dict[str, dict[str, Any]]]
"""Split → head → figures."""


def judge_splits(
    network: Path, fitted: Fit, splits: dict[data.Split, data.FaceDataset]
) -> tuple[Results, dict[str, NDArray[np.int64]]]:
    """Figures of both heads on validation and test, and the test's confusion matrices."""
    classifier = Classifier(network, flip=fitted.flip_averaging)
    results: Results = {}
    matrices = {}
    for split in (data.Split.VALIDATION, data.Split.TEST):
        faces = splits[split]
        logits = classifier.logits(faces.images)
        figures = results[split.name.lower()] = {}
        for head in HEADS:
            rows, label = judged(faces, head)
            chosen = calibration.probabilities(logits[head][rows], fitted.heads[head].calibration)
            figures[head] = _figures(chosen, label)
            matrices[head] = metrics.confusion_matrix(label, chosen.argmax(axis=1))
            if head == "consensus":
                figures[head]["certain"] = _certain(chosen, label, fitted.uncertain.threshold)
    return results, matrices


def _figures(probabilities: NDArray[np.float32], label: NDArray[np.integer]) -> dict[str, Any]:
    report = metrics.report(probabilities, label)
    predicted = probabilities.argmax(axis=1)
    right = int((predicted == label).sum())
    return {
        **report,
        "accuracy_ci95": list(metrics.wilson_interval(right, len(label))),
        "macro_f1_ci95": list(metrics.macro_f1_interval(label, predicted)),
    }


def _certain(
    probabilities: NDArray[np.float32], label: NDArray[np.integer], threshold: float
) -> dict[str, float]:
    """What the uncertain threshold does on these faces."""
    certain = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == label
    accuracy = float(right[certain].mean()) if certain.any() else 0.0
    return {"coverage": float(certain.mean()), "accuracy": accuracy}
