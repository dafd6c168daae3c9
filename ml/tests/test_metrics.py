"""Our metrics equal scikit-learn's."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from ml.calibration import expected_calibration_error, softmax
from ml.labels import EMOTIONS
from ml.training import metrics


@pytest.fixture(scope="module")
def answers() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return probabilities (500, 7) that are right more often than not, and labels."""
    random = np.random.default_rng(7)
    label = random.choice(7, 500, p=[0.14, 0.02, 0.14, 0.25, 0.16, 0.11, 0.18])
    logits = random.normal(size=(500, 7)) + 1.5 * np.eye(7)[label]
    return softmax(logits).astype(np.float32), label


def test_report_equals_scikit_learns(
    answers: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    probabilities, label = answers
    predicted = probabilities.argmax(axis=1)
    report = metrics.report(probabilities, label)
    assert report["n"] == 500
    assert report["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(label, predicted))
    assert report["macro_f1"] == pytest.approx(
        sklearn_metrics.f1_score(label, predicted, average="macro")
    )
    assert report["log_loss"] == pytest.approx(
        sklearn_metrics.log_loss(label, probabilities), rel=1e-5
    )
    matrix = sklearn_metrics.confusion_matrix(label, predicted)
    assert report["confusion_matrix"] == matrix.tolist()
    table = sklearn_metrics.classification_report(
        label, predicted, target_names=EMOTIONS, output_dict=True
    )
    per_class = report["per_class"]
    assert isinstance(per_class, dict)
    assert list(per_class) == list(EMOTIONS)
    for emotion in EMOTIONS:
        expected = {name.replace("-score", ""): value for name, value in table[emotion].items()}
        assert per_class[emotion] == pytest.approx(expected)


def test_absent_emotions_do_not_count() -> None:
    label, predicted = np.array([0, 0, 3, 3]), np.array([0, 3, 3, 3])
    expected = sklearn_metrics.f1_score(label, predicted, average="macro")
    assert metrics.macro_f1(metrics.confusion_matrix(label, predicted)) == pytest.approx(expected)


def test_calibration_error_by_hand() -> None:
    # Two bins: ten faces at 0.9, eight of them right; ten at 0.5, all right.
    first = np.tile([0.9, 0.1, 0, 0, 0, 0, 0], (10, 1))
    second = np.tile([0.5, 0.3, 0.2, 0, 0, 0, 0], (10, 1))
    probabilities = np.concatenate([first, second]).astype(np.float32)
    label = np.array([0] * 8 + [1] * 2 + [0] * 10)
    error = expected_calibration_error(probabilities, label)
    assert error == pytest.approx((10 * 0.1 + 10 * 0.5) / 20, abs=1e-6)


def test_calibration_error_is_small_for_honest_probabilities() -> None:
    random = np.random.default_rng(3)
    probabilities = softmax(random.normal(0, 2, (20_000, 7))).astype(np.float32)
    drawn = (probabilities.cumsum(axis=1) < random.uniform(size=(20_000, 1))).sum(axis=1)
    assert expected_calibration_error(probabilities, np.minimum(drawn, 6)) < 0.02


def test_calibration_error_of_nothing() -> None:
    assert expected_calibration_error(np.zeros((0, 7), np.float32), np.zeros(0, np.int64)) == 0


def test_wilson_interval() -> None:
    # Wilson 1927 by hand for 8 of 10.
    assert metrics.wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert metrics.wilson_interval(0, 5)[0] == 0
    assert metrics.wilson_interval(5, 5)[1] == 1


def test_bootstrap_interval_holds_the_value(
    answers: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    probabilities, label = answers
    predicted = probabilities.argmax(axis=1)
    low, high = metrics.macro_f1_interval(label, predicted)
    assert low < metrics.macro_f1(metrics.confusion_matrix(label, predicted)) < high
    assert 0.05 < high - low < 0.15
    assert metrics.macro_f1_interval(label, predicted) == (low, high)
