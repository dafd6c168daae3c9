"""Agreement of people and a network, computed by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.training import agreement


def votes(*rows: list[int]) -> NDArray[np.int64]:
    return np.array([row + [0] * (7 - len(row)) for row in rows])


def test_human_level() -> None:
    # Of 8 and 2 the eight agree with the rest; of 1 and 1 nobody does.
    assert agreement.human_level(votes([8, 2], [1, 1], [10])).tolist() == [0.8, 0.0, 1.0]


def test_a_tie_among_the_others_counts_by_chance() -> None:
    # 2 and 1: each of the two sees the others tied at 1 and 1; the third sees 2 against 0.
    assert agreement.human_level(votes([2, 1])).tolist() == pytest.approx([2 * 0.5 / 3])
    # One vote has nobody to agree with.
    assert agreement.human_level(votes([1])).tolist() == [0.0]


def test_divergence() -> None:
    probabilities = np.array([[0.5, 0.5, 0, 0, 0, 0, 0], [0.25, 0.75, 0, 0, 0, 0, 0]], np.float32)
    found = agreement.divergence(votes([5, 5], [10, 0]), probabilities)
    assert found.tolist() == pytest.approx([0.0, np.log(4)])


def test_top_two() -> None:
    probabilities = np.array([[0.2, 0.3, 0.5, 0, 0, 0, 0]] * 2, np.float32)
    assert agreement.top_two(votes([0, 6, 4], [6, 4, 0]), probabilities).tolist() == [True, False]


def test_report_has_intervals_around_the_means() -> None:
    random = np.random.default_rng(5)
    probabilities = random.dirichlet(np.ones(7), 300).astype(np.float32)
    shares = probabilities.astype(np.float64)
    counts = random.multinomial(10, shares / shares.sum(axis=1, keepdims=True))
    for measure in agreement.report(counts, probabilities).values():
        assert measure["low"] < measure["mean"] < measure["high"]
