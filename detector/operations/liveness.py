"""Whether workers live, and whether they take what waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, QuerySet

from detector.common import clock
from detector.enums import UNDER_WAY, Status
from detector.models import (
    Analysis,
    WorkerHeartbeat,
)


def worker_alive() -> bool:
    """Whether a worker with a warm model was heard from lately; it may miss three sweeps."""
    return _heard_lately(clock.now()).exists()


def _heard_lately(now: datetime) -> QuerySet[WorkerHeartbeat]:
    lately = now - timedelta(seconds=4 * settings.SWEEP_INTERVAL)
    return WorkerHeartbeat.objects.filter(seen_at__gt=lately)


@dataclass(frozen=True)
class Stall:
    """Analyses that wait beside workers that could take them and do not."""

    waiting: int
    seconds: int
    idle: int

    def __str__(self) -> str:
        return (
            f"{self.waiting} analyses wait, the oldest for {self.seconds} s, "
            f"and {self.idle} workers that have nothing to do take none"
        )


def stall() -> Stall | None:
    """What waits although workers that live could take it; None where all is as it should be.

    Only what the broker took counts. A worker that has taken any task lately hears its queue, and
    one that is in the midst of a task, such as a heat map, is busy.
    """
    now = clock.now()
    since = now - timedelta(seconds=settings.WORKER_STALL)
    waiting = Analysis.objects.filter(
        status=Status.QUEUED, due_at__lte=since, sent_at__isnull=False
    ).aggregate(n=Count("pk"), oldest=Min("due_at"))
    if not waiting["n"] or _taken_since(since):
        return None
    idle = _heard_lately(now).filter(is_busy=False).count()
    age = int((now - waiting["oldest"]).total_seconds())
    return Stall(waiting["n"], age, idle) if idle else None


def _taken_since(moment: datetime) -> bool:
    """Whether any worker took a task since; the analyses tell it of workers that are gone."""
    started = Analysis.objects.filter(status__in=UNDER_WAY, started_at__gt=moment)
    return (
        WorkerHeartbeat.objects.filter(taken_at__gt=moment).exists()
        or started.exists()
        or Analysis.objects.filter(finished_at__gt=moment).exists()
    )
