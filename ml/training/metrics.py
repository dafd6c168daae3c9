"""Figures of merit of a classifier, with their confidence intervals. NumPy only.

Throughout: probabilities (N, 7) float32 whose rows sum to 1, label (N,) integers, both in the
order of `ml.labels.EMOTIONS`.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.calibration import expected_calibration_error
from ml.labels import EMOTIONS

Z95: Final = 1.959964
"""The 97.5 % quantile of the standard normal distribution."""
BOOTSTRAP_ROUNDS: Final = 1000


def confusion_matrix(
    label: NDArray[np.integer], predicted: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Return (7, 7) int64 counts; rows are the truth, columns the prediction."""
    count = len(EMOTIONS)
    pairs = label.astype(np.int64) * count + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=count * count).reshape(count, count)


def per_class(matrix: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Return precision, recall and f1 (7,) of a confusion matrix; 0 where undefined."""
    right = np.diag(matrix).astype(np.float64)
    predicted, true = matrix.sum(axis=0), matrix.sum(axis=1)
    return {
        "precision": right / np.maximum(predicted, 1),
        "recall": right / np.maximum(true, 1),
        "f1": 2 * right / np.maximum(predicted + true, 1),
    }


def macro_f1(matrix: NDArray[np.int64]) -> float:
    """Return the unweighted mean F1 of the emotions that occur in truth or prediction."""
    occurs = matrix.sum(axis=0) + matrix.sum(axis=1) > 0
    return float(per_class(matrix)["f1"][occurs].mean()) if occurs.any() else 0.0


def log_loss(probabilities: NDArray[np.float32], label: NDArray[np.integer]) -> float:
    """Return the mean of -ln p(label)."""
    chosen = probabilities[np.arange(len(label)), label].astype(np.float64)
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


def report(probabilities: NDArray[np.float32], label: NDArray[np.integer]) -> dict[str, object]:
    """Return all figures of `ml.training.evaluate` for one head, as plain values. N ≥ 1."""
    matrix = confusion_matrix(label, probabilities.argmax(axis=1))
    measures = per_class(matrix)
    support = matrix.sum(axis=1)
    return {
        "accuracy": float(np.trace(matrix) / len(label)),
        "macro_f1": macro_f1(matrix),
        "per_class": {
            emotion: {
                **{name: float(values[index]) for name, values in measures.items()},
                "support": int(support[index]),
            }
            for index, emotion in enumerate(EMOTIONS)
        },
        "confusion_matrix": matrix.tolist(),
        "ece": expected_calibration_error(probabilities, label),
        "log_loss": log_loss(probabilities, label),
        "n": len(label),
    }


def wilson_interval(right: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Return the 95 % confidence interval (Wilson 1927) of the share `right` of n > 0."""
    share = right / n
    centre = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max((centre - reach) / scale, 0.0), min((centre + reach) / scale, 1.0)


def bootstrap_interval(
    figure: Callable[[NDArray[np.intp]], float], n: int, seed: int = 2013
) -> tuple[float, float]:
    """Return the 95 % percentile interval of a figure of n resampled rows (Efron 1979)."""
    random = np.random.default_rng(seed)
    values = [figure(random.integers(0, n, n)) for _ in range(BOOTSTRAP_ROUNDS)]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def macro_f1_interval(
    label: NDArray[np.integer], predicted: NDArray[np.integer]
) -> tuple[float, float]:
    """Return the 95 % interval of the macro-F1."""
    return bootstrap_interval(
        lambda rows: macro_f1(confusion_matrix(label[rows], predicted[rows])), len(label)
    )


def calibration_report(
    probabilities: NDArray[np.float32], label: NDArray[np.integer]
) -> dict[str, object]:
    """Return calibration error and log loss with their 95 % intervals."""
    error = bootstrap_interval(
        lambda rows: expected_calibration_error(probabilities[rows], label[rows]), len(label)
    )
    loss = bootstrap_interval(lambda rows: log_loss(probabilities[rows], label[rows]), len(label))
    return {
        "ece": expected_calibration_error(probabilities, label),
        "ece_ci95": list(error),
        "log_loss": log_loss(probabilities, label),
        "log_loss_ci95": list(loss),
    }
