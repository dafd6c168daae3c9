"""Monitor the installation: its queue, throughput and failures, and the drift of its model.

All figures cover a window of time that an index serves, so their cost does not grow over the years.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Floor, TruncHour

from detector.common import clock, kappa
from detector.common.kappa import Estimate
from detector.enums import UNDER_WAY, Emotion, Status
from detector.models import Analysis, Face, ModelVersion, Photo, Video, VideoSegment
from detector.registry import selectors as model_selectors

THROUGHPUT_HOURS: Final = 24
FAILURE_DAYS: Final = 7
RECENT_DAYS: Final = 7
REFERENCE_DAYS: Final = 28
ACCURACY_DAYS: Final = 90
CONFIDENCE_BINS: Final = 10
MIN_FACES_FOR_DRIFT: Final = 100
"""With fewer faces no drift is reported."""
SLIGHT, LARGE = 0.1, 0.25
"""Usual thresholds of the population stability index: below 0.1 a distribution is stable, from 0.25
on it has shifted (N. Siddiqi, Credit Risk Scorecards, 2006)."""


@dataclass(frozen=True)
class Queue:
    """Analyses that wait and run; `oldest` is when the first of them was queued."""

    waiting: int
    running: int
    oldest: datetime | None


@dataclass(frozen=True)
class Hour:
    """Analyses finished in one hour."""

    start: datetime
    done: int
    failed: int


@dataclass(frozen=True)
class Videos:
    """Videos that wait and are analysed, and those that ended in the last hours.

    `failures` are those of the last days by error code, the most frequent first.
    """

    waiting: int
    running: int
    segments: int
    done: int
    failed: int
    failures: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Drift:
    """The population stability index (PSI) of recent faces against the weeks before.

    It is the sum over all bins of (p - q) ln(p / q), with the recent share p and the reference
    share q. It is None where either has less than `MIN_FACES_FOR_DRIFT` faces.
    """

    recent: Sequence[int]
    reference: Sequence[int]

    @property
    def index(self) -> float | None:
        """The PSI: 0 for equal distributions, without an upper bound."""
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
    """Count the analyses under way."""
    open_ = Analysis.objects.filter(status__in=UNDER_WAY)
    found = open_.aggregate(
        waiting=Count("pk", filter=Q(status=Status.QUEUED)),
        running=Count("pk", filter=Q(status=Status.RUNNING)),
        oldest=Min("queued_at"),
    )
    return Queue(**found)


def throughput(now: datetime) -> list[Hour]:
    """Count finished analyses in the last hours, the present one and empty ones included.

    Hours are those of UTC: where a time zone is off by half an hour, or changes its clock, its own
    would match none of these.
    """
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=THROUGHPUT_HOURS - 1)
    rows = (
        _ended(first)
        .annotate(hour=TruncHour("finished_at", tzinfo=UTC))
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
    """Count the failures of the last days by error code, the most frequent first."""
    failed = _ended(now - timedelta(days=FAILURE_DAYS)).filter(status=Status.FAILED)
    counts = failed.values_list("error_code").annotate(n=Count("pk")).order_by("-n", "error_code")
    return list(counts)


def videos(now: datetime) -> Videos:
    """Count the videos under way, and those that ended."""
    open_ = Video.objects.filter(status__in=UNDER_WAY).order_by()
    ended = Video.objects.filter(finished_at__gte=now - timedelta(hours=THROUGHPUT_HOURS))
    states = dict(open_.values_list("status").annotate(n=Count("pk")))
    states |= dict(ended.order_by().values_list("status").annotate(n=Count("pk")))
    failed = Video.objects.filter(
        status=Status.FAILED, finished_at__gte=now - timedelta(days=FAILURE_DAYS)
    )
    counts = failed.order_by().values_list("error_code").annotate(n=Count("pk"))
    return Videos(
        waiting=states.get(Status.QUEUED, 0),
        running=states.get(Status.RUNNING, 0),
        segments=VideoSegment.objects.filter(status=Status.QUEUED).count(),
        done=states.get(Status.DONE, 0),
        failed=states.get(Status.FAILED, 0),
        failures=list(counts.order_by("-n", "error_code")),
    )


def accuracy(model: ModelVersion, now: datetime) -> Estimate | None:
    """Return a model's accuracy on the faces that people named; None without any.

    These faces are not a random sample, so this says less than accuracy on a test set.
    """
    named = _faces(model, now - timedelta(days=ACCURACY_DAYS)).filter(
        reviewed_emotion__in=Emotion.values
    )
    counts = named.aggregate(
        right=Count("pk", filter=Q(reviewed_emotion=F("emotion"))), faces=Count("pk")
    )
    return kappa.share(counts["right"], counts["faces"])


def drift(model: ModelVersion, now: datetime) -> tuple[Drift, Drift]:
    """Return the drift of a model's emotions and of its confidence."""
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
    """Return the faces that a model analysed since, without demo photos.

    Demo photos are few, so excluding them by their index is cheaper than a join with all photos.
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
    """Return shares with half a face added to each bin, so that no logarithm is of 0."""
    total = sum(counts) + len(counts) / 2
    return [(count + 0.5) / total for count in counts]


@dataclass(frozen=True)
class Health:
    """All figures, as of `now`."""

    now: datetime
    queue: Queue
    hours: list[Hour]
    failures: list[tuple[str, int]]
    videos: Videos
    model: ModelVersion | None
    accuracy: Estimate | None
    emotions: Drift | None
    confidence: Drift | None


def health() -> Health:
    """Return the current state of the installation."""
    now = clock.now()
    model = model_selectors.active_model()
    emotions, confidence = drift(model, now) if model else (None, None)
    return Health(
        now=now,
        queue=queue(),
        hours=throughput(now),
        failures=failures(now),
        videos=videos(now),
        model=model,
        accuracy=accuracy(model, now) if model else None,
        emotions=emotions,
        confidence=confidence,
    )
