"""Calibrated probabilities from logits, and the fit of the calibration."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import calibration
from ml.manifest import HeadCalibration
from ml.training import bias as bias_of_a_head
from ml.training import calibrate, data, metrics, views
from ml.training.bias import Judge

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


def honest_answers(seed: int = 5) -> Judge:
    """Return logits (20,000, 7) whose softmax is right, and labels."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (20_000, 7)).astype(np.float32)
    chances = calibration.softmax(logits)
    label = (chances.cumsum(axis=1) < random.uniform(size=(20_000, 1))).sum(axis=1).clip(max=6)
    return Judge(logits, label)


def test_temperature_is_recovered() -> None:
    logits, label = honest_answers()
    for temperature in (0.4, 1.0, 3.0):
        found = calibrate.fit_temperature([Judge(logits * temperature, label)])
        assert found == pytest.approx(temperature, rel=0.05)


def test_temperature_lies_between_those_of_two_sets() -> None:
    logits, label = honest_answers()
    sharper = Judge(logits / 2, label)
    both = [
        calibrate.fit_temperature(each) for each in ([sharper], [sharper, Judge(logits, label)])
    ]
    assert both[0] == pytest.approx(0.5, rel=0.05)
    assert 0.55 < both[1] < 0.95


PRIOR = np.array([0.3, 0.02, 0.1, 0.3, 0.1, 0.08, 0.1])
EVEN = np.full(7, 1 / 7)


def answers_that_know_the_prior(shown: NDArray[np.float64], seed: int = 6) -> Judge:
    """Return logits (4000, 7) of a good network, and labels as frequent as in `shown`."""
    random = np.random.default_rng(seed)
    label = random.choice(7, 4000, p=shown)
    logits = random.normal(size=(4000, 7)) + 2 * np.eye(7)[label] + np.log(PRIOR)
    return Judge(logits.astype(np.float32), label)


def accuracy(judge: Judge, bias: NDArray[np.float64] | float = 0.0) -> float:
    return float(((judge.logits + bias).argmax(axis=1) == judge.label).mean())


@pytest.mark.parametrize("cost", [0.0, 0.003, 0.02])
def test_a_bias_costs_no_more_accuracy_than_allowed(
    cost: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bias_of_a_head, "STEPS", 100)
    seen, unseen = answers_that_know_the_prior(PRIOR), answers_that_know_the_prior(PRIOR, 7)
    merit, bias = bias_of_a_head.fit_bias([seen], PRIOR, cost)
    assert accuracy(seen, bias) >= accuracy(seen) - cost
    assert bias.sum() == pytest.approx(0, abs=1e-9)
    shares = [
        bias_of_a_head.prior_bias(PRIOR, strength, cap)
        for strength in bias_of_a_head.STRENGTHS
        for cap in bias_of_a_head.CAPS
    ]
    assert any(np.allclose(bias, share) for share in shares), "a free bias learns a split by heart"
    assert merit >= bias_of_a_head.Merit([seen], cost)(np.zeros(7))
    rare = unseen.label == 1
    found = (unseen.logits + bias).argmax(axis=1)[rare] == 1
    assert found.mean() >= (unseen.logits.argmax(axis=1)[rare] == 1).mean()


def test_faces_from_elsewhere_have_their_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bias_of_a_head, "STEPS", 100)
    here, elsewhere = answers_that_know_the_prior(PRIOR), answers_that_know_the_prior(EVEN, 8)
    unseen = answers_that_know_the_prior(EVEN, 9)
    _, bias = bias_of_a_head.fit_bias([here, elsewhere], PRIOR, 0.02)
    assert accuracy(here, bias) >= accuracy(here) - 0.02
    assert accuracy(unseen, bias) > accuracy(unseen) + 0.05


def test_merit_is_the_mean_of_balanced_accuracy_and_macro_f1() -> None:
    label = np.array([0, 0, 0, 3])
    logits = np.eye(7, dtype=np.float32)[[0, 0, 0, 0]]
    merit = bias_of_a_head.Merit([Judge(logits, label)], 0.0)
    recall, f1 = 0.5, metrics.macro_f1(metrics.confusion_matrix(label, np.zeros(4, np.int64)))
    assert merit(np.zeros(7)) == pytest.approx((recall + f1) / 2)
    assert merit(3 * np.eye(7)[3]) == -1
    # Elsewhere the expression that is never found counts beside them.
    both = bias_of_a_head.Merit([Judge(logits, label)] * 2, 0.0)
    assert both(np.zeros(7)) == pytest.approx((2 * recall + 2 * f1 + 0.0) / 5)


def test_a_cap_leaves_frequent_emotions_as_they_are() -> None:
    bias = bias_of_a_head.prior_bias(PRIOR, 1.0, 0.05)
    assert np.delete(bias, 1) == pytest.approx(np.full(6, bias[0]))
    assert bias[1] - bias[0] == pytest.approx(np.log(0.05 / 0.02))


def test_threshold_keeps_its_promise() -> None:
    judge = honest_answers(8)
    probabilities = calibration.probabilities(judge.logits, PLAIN)
    found = calibrate.fit_threshold([judge], PLAIN)
    certain = probabilities.max(axis=1) >= found.threshold
    assert found.accuracy >= calibrate.CERTAIN_ACCURACY
    assert found.coverage == pytest.approx(certain.mean())
    assert 0 < found.coverage < 1
    # Faces whose labels are right less often than the network thinks.
    boastful = Judge(1.5 * judge.logits, judge.label)
    both = calibrate.fit_threshold([judge, boastful], PLAIN)
    alone = calibrate.fit_threshold([boastful, boastful], PLAIN)
    assert found.threshold < both.threshold <= alone.threshold


def test_threshold_where_nothing_is_good_enough() -> None:
    judge = Judge(np.zeros((100, 7), np.float32), np.full(100, 6))
    assert calibrate.fit_threshold([judge], PLAIN).threshold == 1


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
    sharp, soft, _, soft_hesitant, *_, soft_twice = views.VIEWS
    assert str(soft_hesitant) == "flipped below 0.6, softened"
    assert str(soft_twice) == "flipped, softened"
    merit = dict.fromkeys(views.VIEWS, 0.7) | {sharp: 0.72, soft: 0.721, soft_twice: 0.724}
    assert calibrate.choose_view(merit) == soft
    assert calibrate.choose_view(merit | {sharp: 0.722}) == sharp
    assert calibrate.choose_view(merit | {soft_twice: 0.74}) == soft_twice
    assert calibrate.choose_view(merit | {soft_twice: 0.74, soft_hesitant: 0.736}) == soft_hesitant
