"""Calibrated probabilities from logits, and measures of their calibration.

This is the serving side and needs NumPy alone. The constants come from the manifest;
`ml.training.calibrate` fits them.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.manifest import HeadCalibration

ECE_BINS: Final = 15
"""As in Guo et al. 2017 (arXiv:1706.04599)."""

Reliability = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]
"""Mean confidence, accuracy and number of faces in bins of confidence."""


def softmax(logits: ArrayLike) -> NDArray[np.float64]:
    """Compute the softmax over the last axis, in double precision and safe from overflow."""
    values = np.asarray(logits, dtype=np.float64)
    exponentials = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def probabilities(logits: ArrayLike, calibration: HeadCalibration) -> NDArray[np.float32]:
    """Return calibrated probabilities (N, 7) float32 of logits (N, 7); rows sum to 1.

    The bias takes back part of what the network learned in training of how frequent emotions are
    (logit adjustment, Menon et al. 2021, arXiv:2007.07314). The temperature then scales the
    confidence (Guo et al. 2017, arXiv:1706.04599).
    """
    values = np.asarray(logits, dtype=np.float64).reshape(-1, len(calibration.bias))
    adjusted = (values + np.asarray(calibration.bias)) / calibration.temperature
    return softmax(adjusted).astype(np.float32)


def reliability(
    probabilities: NDArray[np.float32], label: NDArray[np.integer], bins: int = ECE_BINS
) -> Reliability:
    """Return mean confidence, accuracy and number of faces in equal-width bins, (bins,) each.

    probabilities (N, 7), label (N,). An empty bin has confidence and accuracy 0.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == label
    number = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    count = np.bincount(number, minlength=bins)
    least_one = np.maximum(count, 1)
    return (
        np.bincount(number, weights=confidence, minlength=bins) / least_one,
        np.bincount(number, weights=correct, minlength=bins) / least_one,
        count,
    )


def expected_calibration_error(
    probabilities: NDArray[np.float32], label: NDArray[np.integer], bins: int = ECE_BINS
) -> float:
    """Return the expected calibration error in [0, 1] over equal-width bins (Guo et al. 2017).

    probabilities (N, 7), label (N,). It is the mean over faces of |accuracy - confidence| of each
    face's bin; 0 for no faces.
    """
    if len(label) == 0:
        return 0.0
    confidence, accuracy, count = reliability(probabilities, label, bins)
    return float((np.abs(accuracy - confidence) * count).sum() / len(label))
