"""Kappa against scikit-learn and against published examples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from detector.common.kappa import cohen_kappa, fleiss_kappa, share

LABELS = "abc"


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1))
@settings(deadline=None)
def test_cohen_is_what_scikit_learn_says(pairs: list[tuple[str, str]]) -> None:
    found = cohen_kappa(pairs)
    if len({label for pair in pairs for label in pair}) == 1:
        assert found is None
        return
    assert found is not None
    expected = cohen_kappa_score(*zip(*pairs, strict=True), labels=list(LABELS))
    assert found.value == pytest.approx(expected)
    assert found.low <= found.value <= found.high


def test_fleiss_gives_the_figure_of_its_textbook_example() -> None:
    # Ten subjects, fourteen raters, five categories: kappa is 0.210.
    table = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    ratings = [[label for label, n in enumerate(row) for _ in range(n)] for row in table]
    found = fleiss_kappa(ratings)
    assert found is not None
    assert found.value == pytest.approx(0.210, abs=5e-4)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    # Two raters who see the truth in 80 % and guess among three labels otherwise.
    chance = np.random.default_rng(1)
    truth_of_many = _drawn(chance, 50_000)
    truth = cohen_kappa(truth_of_many)
    assert truth is not None
    held = 0
    for _ in range(200):
        found = cohen_kappa(_drawn(chance, 150))
        assert found is not None
        held += found.low <= truth.value <= found.high
    assert 180 <= held <= 200


def _drawn(chance: np.random.Generator, n: int) -> list[tuple[int, int]]:
    truth = chance.integers(0, 3, n)
    seen = [
        np.where(chance.random(n) < 0.8, truth, chance.integers(0, 3, n)).tolist() for _ in range(2)
    ]
    return list(zip(*seen, strict=True))


def test_a_share_has_the_interval_of_wilson() -> None:
    found = share(8, 10)
    assert found is not None
    assert (round(found.low, 3), round(found.high, 3)) == (0.490, 0.943)
    assert share(0, 0) is None
