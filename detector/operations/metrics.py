"""Read the figures of `/metrics` that concern the work, from the database and the storage.

The processes that do the work come and go, on several hosts. So they count nothing themselves: each
figure is read from the rows that they leave behind, and is the same wherever it is read. Erased
photos take their rows with them, so figures of the past are gauges over `WINDOW`, not counters.
docs/decisions/0035-metrics.md compares the ways to count.
"""

import shutil
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, Final

from django.core.files.storage import FileSystemStorage, default_storage
from django.db import Error
from django.db.models import Count, Min, Q, QuerySet, Sum
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from detector.common import clock, storage
from detector.enums import UNDER_WAY, DeliveryStatus, FineTuneStatus, Status
from detector.models import (
    Analysis,
    Explanation,
    FineTune,
    ModelVersion,
    Photo,
    Video,
    VideoSegment,
    WebhookDelivery,
)
from detector.operations import liveness
from detector.registry import selectors as model_selectors

WINDOW: Final = timedelta(minutes=15)
MAX_TIMED: Final = 1000
"""Number of analyses whose stages are read, the last ones."""
CACHE_SECONDS, STORED_CACHE_SECONDS = 5, 600
"""The sum over all photos reads every row, so it is kept longer than the rest."""
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
WAIT: Final = "wait"
"""The stage before the first: from the upload to the last claim by a worker."""


def collect() -> list[Metric]:
    """Return all figures; without those of the database while it is unavailable."""
    up = GaugeMetricFamily("emotionsite_database_up", "Whether the database answers.")
    try:
        found = [*_of_database(clock.now()), *stored.collect()]
    except Error:
        found = []
    up.add_metric([], float(bool(found)))
    return [up, *found, *_volume()]


def _of_database(now: datetime) -> Iterator[Metric]:
    yield from _queues(now)
    yield _counted(
        "emotionsite_analyses_running",
        "Analyses that workers have claimed.",
        {(): Analysis.objects.filter(status=Status.RUNNING).count()},
    )
    yield from _ended(now)
    yield from _videos(now)
    yield _stages(now)
    yield _deliveries(now)
    yield _workers()
    yield _model(model_selectors.active_model())


def _queues(now: datetime) -> Iterator[Metric]:
    """Return the length of each queue, and the age of its oldest entry."""
    lengths, ages = {}, {}
    for name, (rows, field) in queues(now).items():
        found = rows.order_by().aggregate(n=Count("pk"), oldest=Min(field))
        lengths[name,] = found["n"]
        ages[name,] = (now - found["oldest"]).total_seconds() if found["n"] else 0
    yield _counted("emotionsite_queue_length", "Rows that wait.", lengths, ["queue"])
    yield _counted(
        "emotionsite_queue_oldest_seconds", "Age of the oldest that waits.", ages, ["queue"]
    )


def queues(now: datetime) -> dict[str, tuple["QuerySet[Any]", str]]:
    """Return the rows that wait in each queue, and the field with the time since when."""
    due = WebhookDelivery.objects.filter(
        status=DeliveryStatus.WAITING,
        due_at__lte=now,
        photo__deleted_at=None,
        video__deleted_at=None,
        endpoint__disabled_at=None,
    )
    return {
        "analysis": (Analysis.objects.filter(status=Status.QUEUED), "queued_at"),
        "explanations": (Explanation.objects.filter(picture="", error_code=""), "requested_at"),
        "videos": (VideoSegment.objects.filter(status=Status.QUEUED), "queued_at"),
        "webhooks": (due, "due_at"),
        "background": (FineTune.objects.filter(status=FineTuneStatus.QUEUED), "created_at"),
    }


def _ended(now: datetime) -> Iterator[Metric]:
    """Return how many analyses were done and have failed, and the codes of the failures."""
    rows = Analysis.objects.filter(finished_at__gte=now - WINDOW).order_by()
    found = rows.values_list("status", "error_code").annotate(n=Count("pk"))
    ended: Counter[tuple[str]] = Counter({("done",): 0, ("failed",): 0})
    codes: Counter[tuple[str]] = Counter()
    for status, code, n in found:
        ended[status,] += n
        if code:
            codes[code,] += n
    yield _counted(
        "emotionsite_analyses_ended", "Analyses of the last 15 minutes.", ended, ["status"]
    )
    yield _counted(
        "emotionsite_analyses_failed", "Failures of the last 15 minutes.", codes, ["code"]
    )


def _videos(now: datetime) -> Iterator[Metric]:
    """Return how many videos wait and run, and how many were done and have failed."""
    rows = Video.objects.filter(Q(status__in=UNDER_WAY) | Q(finished_at__gte=now - WINDOW))
    found = rows.order_by().values_list("status", "error_code").annotate(n=Count("pk"))
    states: Counter[tuple[str]] = Counter({(status.value,): 0 for status in Status})
    codes: Counter[tuple[str]] = Counter()
    for status, code, n in found:
        states[status,] += n
        if code:
            codes[code,] += n
    under_way = {(status.value,): states.pop((status.value,)) for status in UNDER_WAY}
    yield _counted("emotionsite_videos", "Videos that wait or are analysed.", under_way, ["status"])
    yield _counted("emotionsite_videos_ended", "Videos of the last 15 minutes.", states, ["status"])
    yield _counted(
        "emotionsite_videos_failed", "Their failures of the last 15 minutes.", codes, ["code"]
    )


def _stages(now: datetime) -> Metric:
    """Return the durations of the stages of the last analyses."""
    done = Analysis.objects.filter(finished_at__gte=now - WINDOW, status=Status.DONE)
    rows = done.order_by("-finished_at").values_list("timings_ms", "queued_at", "started_at")
    seconds: dict[str, list[float]] = {}
    for timings, queued, started in rows[:MAX_TIMED]:
        for stage, milliseconds in timings.items():
            seconds.setdefault(stage, []).append(milliseconds / 1000)
        if started is not None:
            seconds.setdefault(WAIT, []).append((started - queued).total_seconds())
    family = GaugeHistogramMetricFamily(
        "emotionsite_stage_seconds",
        f"Stages of the last {MAX_TIMED} analyses of 15 minutes.",
        labels=["stage"],
    )
    for stage, values in sorted(seconds.items()):
        family.add_metric([stage], histogram(values), sum(values))
    return family


def histogram(values: Iterable[float]) -> list[tuple[str, float]]:
    """Return the cumulative counts of values by upper bound."""
    counts = Counter(bisect_left(BUCKETS, value) for value in values)
    bounds = [*(str(float(bound)) for bound in BUCKETS), "+Inf"]
    return list(zip(bounds, accumulate(counts[n] for n in range(len(bounds))), strict=True))


def _deliveries(now: datetime) -> Metric:
    """Return the states of the deliveries of recent events."""
    rows = WebhookDelivery.objects.filter(created_at__gte=now - WINDOW).order_by()
    found = dict.fromkeys([(status.value,) for status in DeliveryStatus], 0)
    for status, n in rows.values_list("status").annotate(n=Count("pk")):
        found[status,] = n
    text = "Deliveries created in the last 15 minutes."
    return _counted("emotionsite_webhook_deliveries", text, found, ["status"])


def _workers() -> Metric:
    busy = Counter(liveness.alive().values_list("is_busy", flat=True))
    found = {("idle",): busy[False], ("busy",): busy[True]}
    text = "Workers with a recent heartbeat."
    return _counted("emotionsite_workers", text, found, ["state"])


def _model(model: ModelVersion | None) -> Metric:
    found = {(model.name, model.sha256[:12]): 1} if model else {}
    text = "The version that serves."
    return _counted("emotionsite_model_info", text, found, ["version", "sha256"])


def _photos() -> list[Metric]:
    """Return what all photos take, those in the bin included."""
    found = Photo.objects.order_by().aggregate(n=Count("pk"), stored=Sum("stored_bytes"))
    return [
        _counted("emotionsite_photos", "Photos, with those in the bin.", {(): found["n"]}),
        _counted("emotionsite_stored_bytes", "Bytes of their files.", {(): found["stored"] or 0}),
    ]


def _volume() -> Iterator[Metric]:
    """Return size and free space of the storage's volume, if it is a local one."""
    stored_in = storage.beneath(default_storage)
    if not isinstance(stored_in, FileSystemStorage):
        return
    try:
        usage = shutil.disk_usage(stored_in.location)
    except OSError:
        # `/readyz` tells of a missing storage.
        return
    yield _counted("emotionsite_storage_bytes", "Size of the volume.", {(): usage.total})
    yield _counted("emotionsite_storage_free_bytes", "Free on the volume.", {(): usage.free})


def _counted(
    name: str, text: str, found: Mapping[Any, float], labels: Iterable[str] = ()
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=list(labels))
    for values, number in found.items():
        family.add_metric(list(values), number)
    return family


class Recent(Collector):
    """Figures that are read again after some seconds, by one thread at a time."""

    def __init__(self, read: Callable[[], list[Metric]], seconds: float) -> None:
        self.read = read
        self.seconds = seconds
        self.lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Read the figures anew at the next call."""
        self.until = 0.0
        self.found: list[Metric] = []

    def collect(self) -> list[Metric]:
        """Return the figures."""
        with self.lock:
            if time.monotonic() >= self.until:
                self.found = self.read()
                self.until = time.monotonic() + self.seconds
            return self.found


stored = Recent(_photos, STORED_CACHE_SECONDS)
recent = Recent(collect, CACHE_SECONDS)
