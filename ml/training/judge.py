"""The figures of a network: those of a run in short, those of its manifest with intervals."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import calibration
from ml.classifier import Classifier
from ml.labels import HEADS
from ml.training import agreement, data, metrics
from ml.training.calibrate import Fit, judged

Logits = dict[str, NDArray[np.float32]]
"""Head → (N, 7)."""
Results = dict[str, dict[str, dict[str, Any]]]
"""Split → head → figures."""
Stages = dict[str, calibration.Reliability]
"""Before and after calibration."""


@dataclass(frozen=True)
class Judgement:
    """Figures of validation and test; of the test, confusion matrices and reliability by head."""

    results: Results
    matrices: dict[str, NDArray[np.int64]]
    reliability: dict[str, Stages]


def keras_logits(
    model: Any, images: NDArray[np.uint8] | NDArray[np.float32], *, flip: bool
) -> Logits:
    """Return logits of a Keras network for crops (N, 48, 48) of grey levels."""
    pixels = images[..., None].astype(np.float32)
    logits: Logits = model.predict(pixels, batch_size=256, verbose=0)
    if flip:
        mirrored = model.predict(pixels[:, :, ::-1], batch_size=256, verbose=0)
        logits = {head: (logits[head] + mirrored[head]) / 2 for head in HEADS}
    return logits


def scores(logits: Logits, faces: data.FaceDataset) -> dict[str, dict[str, float]]:
    """Return head → accuracy and macro-F1 by its own labels."""
    found = {}
    for head in HEADS:
        rows, label = judged(faces, head)
        matrix = metrics.confusion_matrix(label, logits[head][rows].argmax(axis=1))
        found[head] = {
            "accuracy": round(float(np.trace(matrix) / len(label)), 4),
            "macro_f1": round(metrics.macro_f1(matrix), 4),
        }
    return found


def judge_splits(
    network: Path,
    fitted: Fit,
    splits: dict[data.Split, data.FaceDataset],
    elsewhere: data.FaceDataset | None = None,
) -> Judgement:
    """Return figures of both heads on validation and test, of `consensus` also elsewhere."""
    classifier = fitted.classifier(network)
    found = Judgement({}, {}, {})
    if elsewhere is not None:
        found.results["elsewhere"] = {"consensus": _elsewhere(classifier, fitted, elsewhere)}
    for split in (data.Split.VALIDATION, data.Split.TEST):
        faces = splits[split]
        logits = classifier.logits(faces.images)
        figures = found.results[split.name.lower()] = {}
        for head in HEADS:
            rows, label = judged(faces, head)
            raw = calibration.softmax(logits[head][rows]).astype(np.float32)
            chosen = calibration.probabilities(logits[head][rows], fitted.heads[head].calibration)
            figures[head] = _figures(chosen, label)
            figures[head]["uncalibrated"] = metrics.calibration_report(raw, label)
            found.matrices[head] = metrics.confusion_matrix(label, chosen.argmax(axis=1))
            found.reliability[head] = {
                "before calibration": calibration.reliability(raw, label),
                "after": calibration.reliability(chosen, label),
            }
            if head == "consensus":
                figures[head]["certain"] = certain(chosen, label, fitted.uncertain.threshold)
                if faces.votes is not None:
                    figures[head]["people"] = agreement.report(faces.votes[rows], chosen)
    return found


def _elsewhere(classifier: Classifier, fitted: Fit, faces: data.FaceDataset) -> dict[str, Any]:
    """Return figures of the head that people see, by labels alone."""
    logits = classifier.logits(faces.images)["consensus"]
    seen = calibration.probabilities(logits, fitted.heads["consensus"].calibration)
    sure = certain(seen, faces.label, fitted.uncertain.threshold)
    return _figures(seen, faces.label) | {"certain": sure}


def _figures(probabilities: NDArray[np.float32], label: NDArray[np.integer]) -> dict[str, Any]:
    predicted = probabilities.argmax(axis=1)
    right = int((predicted == label).sum())
    return {
        **metrics.report(probabilities, label),
        **metrics.calibration_report(probabilities, label),
        "accuracy_ci95": list(metrics.wilson_interval(right, len(label))),
        "macro_f1_ci95": list(metrics.macro_f1_interval(label, predicted)),
    }


def certain(
    probabilities: NDArray[np.float32], label: NDArray[np.integer], threshold: float
) -> dict[str, float]:
    """Return coverage and accuracy at the uncertain threshold on these faces."""
    sure = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == label
    accuracy = float(right[sure].mean()) if sure.any() else 0.0
    return {"coverage": float(sure.mean()), "accuracy": accuracy}
