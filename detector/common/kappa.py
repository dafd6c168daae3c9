"""Inter-rater agreement: Cohen's and Fleiss' kappa with confidence intervals.

The intervals come from the jackknife over faces (Efron and Stein, Annals of Statistics 9, 1981).
The sampling unit is the face, so many verdicts of one reviewer do not narrow an interval.
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
"""The 97.5 % quantile of the standard normal distribution."""
MIN_FACES_FOR_AGREEMENT: Final = 10
"""With fewer faces no agreement is reported."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % confidence interval, from `n` faces."""

    value: float
    low: float
    high: float
    n: int

    @property
    def says_something(self) -> bool:
        """Return whether there are at least `MIN_FACES_FOR_AGREEMENT` faces."""
        return self.n >= MIN_FACES_FOR_AGREEMENT


def cohen_kappa(pairs: Sequence[Pair[Label]]) -> Estimate | None:
    """Return Cohen's kappa (1960): agreement of two raters beyond chance.

    None without any pair, or where every label is the same: then the kappa is undefined.
    """
    return _jackknife(pairs, _cohen)


def fleiss_kappa(ratings: Sequence[Sequence[Label]]) -> Estimate | None:
    """Return Fleiss' kappa (1971): agreement of many raters beyond chance.

    Each face needs the same number of verdicts; the raters may differ from face to face. None as
    for `cohen_kappa`.
    """
    return _jackknife(ratings, _fleiss)


def share(part: int, whole: int) -> Estimate | None:
    """Return a share with its Wilson interval (1927), within [0, 1]; None where `whole` is 0."""
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
    """Return the statistic with its jackknife interval; equal items are left out only once."""
    counts = Counter(tuple(item) for item in items)
    value, n = statistic(counts), counts.total()
    if value is None:
        return None
    without: list[tuple[float, int]] = []
    for item, count in list(counts.items()):
        counts[item] -= 1
        left = statistic(+counts)
        counts[item] += 1
        # Undefined without this item: it counts as if it changed nothing.
        without.append((value if left is None else left, count))
    mean = sum(left * count for left, count in without) / n
    squares = sum(count * (left - mean) ** 2 for left, count in without)
    half = Z95 * math.sqrt(squares * (n - 1) / n)
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), n)
