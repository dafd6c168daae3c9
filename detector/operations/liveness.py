"""Check that workers are alive and take the analyses that wait."""

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
    """Return whether any worker sent a heartbeat lately; it may miss three sweeps."""
    return alive().exists()


def alive(now: datetime | None = None) -> QuerySet[WorkerHeartbeat]:
    """Return the workers with a recent heartbeat."""
    lately = (now or clock.now()) - timedelta(seconds=4 * settings.SWEEP_INTERVAL)
    return WorkerHeartbeat.objects.filter(seen_at__gt=lately)


@dataclass(frozen=True)
class Stall:
    """Analyses that wait although idle workers could take them."""

    waiting: int
    seconds: int
    idle: int

    def __str__(self) -> str:
        return (
            f"{self.waiting} analyses wait, the oldest for {self.seconds} s, "
            f"and {self.idle} idle workers take none"
        )


def stall() -> Stall | None:
    """Return a stall: analyses wait and idle workers do not take them; None without one.

    Only analyses whose message the broker accepted count. There is no stall where any worker has
    received a task lately. Workers in the middle of a task, such as a heat map, are not idle.
    """
    now = clock.now()
    since = now - timedelta(seconds=settings.WORKER_STALL)
    waiting = Analysis.objects.filter(
        status=Status.QUEUED, due_at__lte=since, sent_at__isnull=False
    ).aggregate(n=Count("pk"), oldest=Min("due_at"))
    if not waiting["n"] or _taken_since(since):
        return None
    idle = alive(now).filter(is_busy=False).count()
    age = int((now - waiting["oldest"]).total_seconds())
    return Stall(waiting["n"], age, idle) if idle else None


def _taken_since(moment: datetime) -> bool:
    """Return whether any worker took a task since; analyses also tell it of deleted workers."""
    started = Analysis.objects.filter(status__in=UNDER_WAY, started_at__gt=moment)
    return (
        WorkerHeartbeat.objects.filter(taken_at__gt=moment).exists()
        or started.exists()
        or Analysis.objects.filter(finished_at__gt=moment).exists()
    )
