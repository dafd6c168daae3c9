"""How the whole installation is: its work, its failures, and whether the model still fits.

All figures are of a window of time that an index gives, so they cost the same after years.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Floor, TruncHour

from detector.common import clock, kappa
from detector.common.kappa import Estimate
from detector.enums import UNDER_WAY, Emotion, Status
from detector.models import Analysis, Face, ModelVersion, Photo
from detector.registry import selectors as model_selectors

THROUGHPUT_HOURS: Final = 24
FAILURE_DAYS: Final = 7
RECENT_DAYS: Final = 7
REFERENCE_DAYS: Final = 28
ACCURACY_DAYS: Final = 90
CONFIDENCE_BINS: Final = 10
MIN_FACES_FOR_DRIFT: Final = 100
"""Fewer faces say nothing about a distribution."""
SLIGHT, LARGE = 0.1, 0.25
"""Below the first a population is stable, above the second it has shifted: the customary reading
of the index (N. Siddiqi, Credit Risk Scorecards, 2006)."""


@dataclass(frozen=True)
class Queue:
    """What waits and what runs; `oldest` is when the first of these was queued."""

    waiting: int
    running: int
    oldest: datetime | None


@dataclass(frozen=True)
class Hour:
    """What was finished in an hour."""

    start: datetime
    done: int
    failed: int


@dataclass(frozen=True)
class Drift:
    """The population stability index of what was read lately against the weeks before.

    The sum over all parts of (p - q) ln(p / q), with the shares p of late and q of before. No index
    where one of both has less than `MIN_FACES_FOR_DRIFT` faces.
    """

    recent: Sequence[int]
    reference: Sequence[int]

    @property
    def index(self) -> float | None:
        """0 where both are alike; it has no upper end."""
        if min(sum(self.recent), sum(self.reference)) < MIN_FACES_FOR_DRIFT:
            return None
        pairs = zip(_shares(self.recent), _shares(self.reference), strict=True)
        return sum((p - q) * math.log(p / q) for p, q in pairs)

    @property
    def verdict(self) -> str:
        """`few`, `stable`, `slight` or `large`."""
        index = self.index
        if index is None:
            return "few"
        return "stable" if index < SLIGHT else "slight" if index < LARGE else "large"


def queue() -> Queue:
    """The work that is not done."""
    open_ = Analysis.objects.filter(status__in=UNDER_WAY)
    found = open_.aggregate(
        waiting=Count("pk", filter=Q(status=Status.QUEUED)),
        running=Count("pk", filter=Q(status=Status.RUNNING)),
        oldest=Min("queued_at"),
    )
    return Queue(**found)


def throughput(now: datetime) -> list[Hour]:
    """The last hours, the present one included; hours without work are there, too."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=THROUGHPUT_HOURS - 1)
    rows = (
        _ended(first)
        .annotate(hour=TruncHour("finished_at"))
        .values_list("hour")
        .annotate(
            done=Count("pk", filter=Q(status=Status.DONE)),
            failed=Count("pk", filter=Q(status=Status.FAILED)),
        )
        .order_by("hour")
    )
    found = {hour: (done, failed) for hour, done, failed in rows}
    hours = [first + timedelta(hours=n) for n in range(THROUGHPUT_HOURS)]
    return [Hour(hour, *found.get(hour, (0, 0))) for hour in hours]


def failures(now: datetime) -> list[tuple[str, int]]:
    """The codes of the last days' failures, the most frequent first."""
    failed = _ended(now - timedelta(days=FAILURE_DAYS)).filter(status=Status.FAILED)
    counts = failed.values_list("error_code").annotate(n=Count("pk")).order_by("-n", "error_code")
    return list(counts)


def accuracy(model: ModelVersion, now: datetime) -> Estimate | None:
    """How often a model said what people say, on the faces that they named; none without any.

    These are the faces that somebody found worth a look, so it says less than a test set.
    """
    named = _faces(model, now - timedelta(days=ACCURACY_DAYS)).filter(
        reviewed_emotion__in=Emotion.values
    )
    counts = named.aggregate(
        right=Count("pk", filter=Q(reviewed_emotion=F("emotion"))), faces=Count("pk")
    )
    return kappa.share(counts["right"], counts["faces"])


def drift(model: ModelVersion, now: datetime) -> tuple[Drift, Drift]:
    """Of the emotions and of the confidence of a model: lately against the weeks before."""
    middle = now - timedelta(days=RECENT_DAYS)
    rows = (
        _faces(model, middle - timedelta(days=REFERENCE_DAYS))
        .annotate(
            late=Q(analysis__finished_at__gte=middle), bin=Floor(F("confidence") * CONFIDENCE_BINS)
        )
        .values_list("late", "emotion", "bin")
        .annotate(n=Count("pk"))
    )
    emotions: Counter[tuple[bool, str]] = Counter()
    bins: Counter[tuple[bool, int]] = Counter()
    for late, emotion, bin_, n in rows:
        emotions[bool(late), emotion] += n
        bins[bool(late), min(int(bin_), CONFIDENCE_BINS - 1)] += n
    by_emotion = [[emotions[late, e.value] for e in Emotion] for late in (True, False)]
    by_bin = [[bins[late, b] for b in range(CONFIDENCE_BINS)] for late in (True, False)]
    return Drift(*by_emotion), Drift(*by_bin)


def _ended(since: datetime) -> QuerySet[Analysis]:
    return Analysis.objects.filter(finished_at__gte=since).order_by()


def _faces(model: ModelVersion, since: datetime) -> QuerySet[Face]:
    """What a model read since; made-up photos are no evidence.

    They are few: to leave them out by an index is cheaper than to look at each photo.
    """
    made_up = Photo.objects.filter(is_demo=True)
    return (
        Face.objects.filter(
            analysis__finished_at__gte=since,
            analysis__model_version=model,
            analysis__status=Status.DONE,
        )
        .exclude(analysis__photo__in=made_up)
        .order_by()
    )


def _shares(counts: Sequence[int]) -> list[float]:
    """Half a face is added to each part: an empty one has no logarithm."""
    total = sum(counts) + len(counts) / 2
    return [(count + 0.5) / total for count in counts]


@dataclass(frozen=True)
class Health:
    """All of it, as of `now`."""

    now: datetime
    queue: Queue
    hours: list[Hour]
    failures: list[tuple[str, int]]
    model: ModelVersion | None
    accuracy: Estimate | None
    emotions: Drift | None
    confidence: Drift | None


def health() -> Health:
    """How the installation is at this moment."""
    now = clock.now()
    model = model_selectors.active_model()
    emotions, confidence = drift(model, now) if model else (None, None)
    return Health(
        now=now,
        queue=queue(),
        hours=throughput(now),
        failures=failures(now),
        model=model,
        accuracy=accuracy(model, now) if model else None,
        emotions=emotions,
        confidence=confidence,
    )
