"""Calibrated probabilities from logits, and the fit of the calibration."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import calibration
from ml.manifest import HeadCalibration
from ml.training import calibrate, data

PLAIN = HeadCalibration(1.0, (0.0,) * 7)


def test_probabilities_sum_to_one_whatever_comes() -> None:
    logits = np.array([[1e4, -1e4, 0, 0, 0, 0, 0], [0] * 7, [-1e4] * 7])
    found = calibration.probabilities(logits, HeadCalibration(0.3, (0.5,) * 7))
    assert found.dtype == np.float32
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert found[0, 0] == 1
    assert found[1] == pytest.approx(1 / 7)


def test_no_rows() -> None:
    assert calibration.probabilities(np.zeros((0, 7), np.float32), PLAIN).shape == (0, 7)


def test_bias_comes_before_temperature() -> None:
    bias = (np.log(2.0), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    found = calibration.probabilities(np.zeros((1, 7)), HeadCalibration(0.5, bias))
    assert found[0, 0] / found[0, 1] == pytest.approx(4)


def test_temperature_is_recovered() -> None:
    random = np.random.default_rng(5)
    honest = random.normal(0, 2, (20_000, 7))
    chances = calibration.softmax(honest)
    label = (chances.cumsum(axis=1) < random.uniform(size=(20_000, 1))).sum(axis=1).clip(max=6)
    for temperature in (0.4, 1.0, 3.0):
        found = calibrate.fit_temperature(honest * temperature, label)
        assert found == pytest.approx(temperature, rel=0.05)


PRIOR = np.array([0.3, 0.02, 0.1, 0.3, 0.1, 0.08, 0.1])


def answers_that_know_the_prior() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits (4000, 7) of a good network, and labels."""
    random = np.random.default_rng(6)
    label = random.choice(7, 4000, p=PRIOR)
    logits = random.normal(size=(4000, 7)) + 2 * np.eye(7)[label] + np.log(PRIOR)
    return logits.astype(np.float32), label


@pytest.mark.parametrize("cost", [0.0, 0.003, 0.02])
def test_prior_correction_costs_no_more_accuracy_than_allowed(cost: float) -> None:
    logits, label = answers_that_know_the_prior()
    fitted = calibrate.fit_head(logits, label, PRIOR, cost)
    before = (logits.argmax(axis=1) == label).mean()
    after = calibration.probabilities(logits, fitted.calibration).argmax(axis=1)
    assert (after == label).mean() >= before - cost
    assert sum(fitted.calibration.bias) == pytest.approx(0, abs=1e-9)


def test_prior_correction_finds_more_of_what_is_rare() -> None:
    logits, label = answers_that_know_the_prior()
    fitted = calibrate.fit_head(logits, label, PRIOR, 0.02)
    after = calibration.probabilities(logits, fitted.calibration).argmax(axis=1)
    rare = label == 1
    assert (after[rare] == 1).mean() > (logits[rare].argmax(axis=1) == 1).mean() + 0.05


def test_a_cap_leaves_frequent_emotions_as_they_are() -> None:
    bias = calibrate.prior_bias(PRIOR, 1.0, 0.05)
    assert np.delete(bias, 1) == pytest.approx(np.full(6, bias[0]))
    assert bias[1] - bias[0] == pytest.approx(np.log(0.05 / 0.02))


def test_threshold_keeps_its_promise() -> None:
    random = np.random.default_rng(8)
    probabilities = calibration.softmax(random.normal(0, 3, (5000, 7))).astype(np.float32)
    drawn = (probabilities.cumsum(axis=1) < random.uniform(size=(5000, 1))).sum(axis=1)
    found = calibrate.fit_threshold(probabilities, drawn.clip(max=6))
    certain = probabilities.max(axis=1) >= found.threshold
    assert found.accuracy >= calibrate.CERTAIN_ACCURACY
    assert found.coverage == pytest.approx(certain.mean())
    assert 0 < found.coverage < 1


def test_threshold_where_nothing_is_good_enough() -> None:
    probabilities = np.full((100, 7), 1 / 7, np.float32)
    assert calibrate.fit_threshold(probabilities, np.full(100, 6)).threshold == 1


def test_heads_are_judged_by_their_own_labels() -> None:
    images = np.zeros((3, 48, 48), np.uint8)
    votes = np.zeros((3, 7), np.uint8)
    votes[0, 4], votes[2, 6] = 10, 10
    faces = data.FaceDataset(images, np.array([1, 2, 3], np.uint8), votes)
    rows, label = calibrate.judged(faces, "consensus")
    assert rows.tolist() == [True, False, True]
    assert label.tolist() == [4, 6]
    rows, label = calibrate.judged(faces, "fer2013")
    assert rows.all()
    assert label.tolist() == [1, 2, 3]
    priors = calibrate.priors(faces)
    assert priors["consensus"].sum() == pytest.approx(1)
    assert priors["consensus"].argmax() in (4, 6)


def test_a_view_must_be_worth_its_cost() -> None:
    sharp, soft, _, soft_hesitant, *_, sharp_twice, soft_twice = calibrate.VIEWS
    assert str(soft_hesitant) == "flipped below 0.6, softened"
    assert str(soft_twice) == "flipped, softened"
    even = dict.fromkeys(calibrate.VIEWS, 1.5)
    loss = dict.fromkeys(calibrate.VIEWS, 1.0) | {soft: 0.98, sharp: 0.979, soft_twice: 0.977}
    assert calibrate.choose_view(loss, even) == sharp
    assert calibrate.choose_view(loss, even | {soft: 1.51}) == soft
    assert calibrate.choose_view(loss, even | {soft_twice: 1.6}) == sharp
    assert calibrate.choose_view(loss | {soft_twice: 0.96}, even) == soft_twice
    hesitant = loss | {soft_twice: 0.96, soft_hesitant: 0.964}
    assert calibrate.choose_view(hesitant, even) == soft_hesitant
    assert calibrate.choose_view(loss | {sharp_twice: 0.9}, even) == sharp_twice
