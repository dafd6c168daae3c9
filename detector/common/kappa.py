"""How far people agree on labels: Cohen's and Fleiss' kappa with confidence intervals.

Pure arithmetic on verdicts. The intervals come from leaving out one face after another (the
jackknife: Efron and Stein, Annals of Statistics 9, 1981), so both figures are judged alike, and
faces are what is drawn: a reviewer who judges many faces of one kind makes no interval narrower.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

Label = TypeVar("Label", bound=Hashable)
Item = TypeVar("Item")
Pair = tuple[Label, Label]

Z95: Final = 1.959963984540054
"""The normal distribution's quantile of 97.5 %."""
MIN_FACES_FOR_AGREEMENT: Final = 10
"""Fewer faces say nothing about agreement."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % confidence interval, from so many faces."""

    value: float
    low: float
    high: float
    n: int

    @property
    def says_something(self) -> bool:
        """Whether there are enough faces for the figure to mean anything."""
        return self.n >= MIN_FACES_FOR_AGREEMENT


def cohen_kappa(pairs: Sequence[Pair[Label]]) -> Estimate | None:
    """Agreement of two raters beyond chance, who each have habits of their own (Cohen, 1960).

    None without a face, or where both always say one and the same: chance explains all of it.
    """
    return _jackknife(pairs, _cohen)


def fleiss_kappa(ratings: Sequence[Sequence[Label]]) -> Estimate | None:
    """Agreement of many raters beyond chance, each face judged equally often (Fleiss, 1971).

    Who judged which face does not matter: it is for raters who come and go. None as for Cohen's.
    """
    return _jackknife(ratings, _fleiss)


def share(part: int, whole: int) -> Estimate | None:
    """A share with the interval of Wilson (1927), which stays within 0 and 1; None of nothing."""
    if not whole:
        return None
    p = part / whole
    scale = 1 + Z95**2 / whole
    centre = (p + Z95**2 / (2 * whole)) / scale
    half = Z95 * math.sqrt(p * (1 - p) / whole + Z95**2 / (4 * whole**2)) / scale
    return Estimate(p, max(0.0, centre - half), min(1.0, centre + half), whole)


def _cohen(pairs: Counter[tuple[Label, ...]]) -> float | None:
    n = pairs.total()
    first: Counter[Label] = Counter()
    second: Counter[Label] = Counter()
    same = 0
    for (one, other), count in pairs.items():
        first[one] += count
        second[other] += count
        same += count * (one == other)
    if not n:
        return None
    expected = sum(first[label] * second[label] for label in first) / n**2
    return _beyond_chance(same / n, expected)


def _fleiss(ratings: Counter[tuple[Label, ...]]) -> float | None:
    faces = ratings.total()
    if not faces:
        return None
    raters = len(next(iter(ratings)))
    totals: Counter[Label] = Counter()
    agreeing = 0
    for verdicts, count in ratings.items():
        votes = Counter(verdicts)
        agreeing += count * sum(n * (n - 1) for n in votes.values())
        for label, n in votes.items():
            totals[label] += count * n
    observed = agreeing / (faces * raters * (raters - 1))
    expected = sum((n / (faces * raters)) ** 2 for n in totals.values())
    return _beyond_chance(observed, expected)


def _beyond_chance(observed: float, expected: float) -> float | None:
    return None if math.isclose(expected, 1) else (observed - expected) / (1 - expected)


def _jackknife(
    items: Sequence[Sequence[Label]],
    statistic: Callable[[Counter[tuple[Label, ...]]], float | None],
) -> Estimate | None:
    """The statistic over all items; faces that were judged alike are left out in one go."""
    counts = Counter(tuple(item) for item in items)
    value, n = statistic(counts), counts.total()
    if value is None:
        return None
    without: list[tuple[float, int]] = []
    for item, count in list(counts.items()):
        counts[item] -= 1
        left = statistic(+counts)
        counts[item] += 1
        # Without this one face chance would explain all: nothing can be said of it.
        without.append((value if left is None else left, count))
    mean = sum(left * count for left, count in without) / n
    squares = sum(count * (left - mean) ** 2 for left, count in without)
    half = Z95 * math.sqrt(squares * (n - 1) / n)
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), n)
