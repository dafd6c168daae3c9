"""The watch: it has the workers started again where they take no work."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from detector.models import Analysis, WorkerHeartbeat
from detector.operations import heartbeats, liveness
from detector.tests.factories import PhotoFactory
from emotionsite.caretaker import Caretaker
from emotionsite.processes import jobs
from emotionsite.processes.jobs import Job, run_due
from emotionsite.processes.programs import RENEW
from emotionsite.processes.watch import Watch
from emotionsite.tests.moved_clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("private_jobs")]


@pytest.fixture
def waiting() -> Analysis:
    """Return a photo whose message was sent a minute ago and was not claimed."""
    old = timezone.now() - timedelta(minutes=1)
    photo = PhotoFactory.create()
    return Analysis.objects.create(
        photo=photo, owner=photo.owner, queued_at=old, due_at=old, sent_at=old
    )


@pytest.fixture
def alive() -> str:
    name = heartbeats.worker_name(os.getpid())
    heartbeats.announce(name)
    return name


def looks(number: int) -> Watch:
    watch = Watch(lambda: None)
    for _ in range(number):
        watch.look()
    return watch


def test_work_that_waits_beside_idle_workers_has_them_made_anew(
    waiting: Analysis, alive: str
) -> None:
    assert looks(2).status == 0, "they may be about to find the broker again"
    assert WorkerHeartbeat.objects.exists()
    assert looks(3).status == RENEW
    assert not WorkerHeartbeat.objects.exists(), "the platform is not ready meanwhile"


def test_a_stopped_process_has_the_workers_made_anew(alive: str, settings: Any) -> None:
    assert looks(5).status == 0
    silent = timezone.now() - timedelta(seconds=settings.WORKER_STALL + 5)
    WorkerHeartbeat.objects.filter(name=alive).update(seen_at=silent)
    assert looks(3).status == RENEW


def test_a_heartbeat_that_comes_seldom_is_no_silence(alive: str, settings: Any) -> None:
    settings.SWEEP_INTERVAL = 60
    seen = timezone.now() - timedelta(seconds=settings.SWEEP_INTERVAL - 1)
    WorkerHeartbeat.objects.filter(name=alive).update(seen_at=seen)
    assert looks(5).status == 0


def busy(waiting: Analysis) -> None:
    """Let the worker take long, as a heat map may."""
    [worker] = WorkerHeartbeat.objects.all()
    heartbeats.take(worker.name)
    old = timezone.now() - timedelta(seconds=50)
    WorkerHeartbeat.objects.update(taken_at=old)


def just_took_something_else(waiting: Analysis) -> None:
    """Let the worker finish another task."""
    [worker] = WorkerHeartbeat.objects.all()
    heartbeats.take(worker.name)
    heartbeats.beat(worker.name, is_busy=False)


def just_taken(waiting: Analysis) -> None:
    other = PhotoFactory.create(owner=waiting.owner)
    now = timezone.now()
    Analysis.objects.create(
        photo=other, owner=waiting.owner, queued_at=now, due_at=now, started_at=now
    )


def not_sent(waiting: Analysis) -> None:
    Analysis.objects.filter(pk=waiting.pk).update(sent_at=None)


def not_due(waiting: Analysis) -> None:
    Analysis.objects.filter(pk=waiting.pk).update(due_at=timezone.now())


def nobody_lives(waiting: Analysis) -> None:
    WorkerHeartbeat.objects.all().delete()


@pytest.mark.parametrize(
    "change", [busy, just_took_something_else, just_taken, not_sent, not_due, nobody_lives]
)
def test_workers_that_do_what_they_can_are_left_alone(
    waiting: Analysis, alive: str, change: Callable[[Analysis], None]
) -> None:
    change(waiting)
    assert looks(5).status == 0


def test_a_host_whose_workers_take_no_photos_is_left_alone(
    waiting: Analysis, alive: str, settings: Any
) -> None:
    settings.WORKER_QUEUES = [settings.WEBHOOK_QUEUE]
    assert looks(5).status == 0
    silent = timezone.now() - timedelta(seconds=settings.WORKER_STALL + 5)
    WorkerHeartbeat.objects.update(seen_at=silent)
    assert looks(5).status == 0


@pytest.mark.parametrize("here", ["nobody", "busy"])
def test_a_host_is_left_alone_where_others_are_deaf(waiting: Analysis, here: str) -> None:
    heartbeats.announce("another-host:1")
    if here == "busy":
        name = heartbeats.worker_name(os.getpid())
        heartbeats.announce(name)
        WorkerHeartbeat.objects.filter(name=name).update(is_busy=True)
    assert liveness.stall() is not None
    assert looks(5).status == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", ["database is locked", "attempt to write a readonly database"])
def test_a_lock_that_lasts_has_the_workers_made_anew(
    alive: str, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    """One of them may be stopped in the middle of a transaction."""
    seconds = iter([100, 120, 125, 145])  # Begin and end of two looks.
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds, 145))
    watch = Watch(lambda: None)

    def fails(*_: Any) -> None:
        raise OperationalError(error)

    with connection.execute_wrapper(fails):
        with pytest.raises(OperationalError):
            watch.look()
        assert watch.status == 0, "it may be a long writer"
        with pytest.raises(OperationalError):
            watch.look()
    assert watch.status == (RENEW if "locked" in error else 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("error", "status"), [("database is locked", RENEW), ("a bug", 0)])
def test_a_lock_counts_from_the_first_job_that_it_stops(
    alive: str, monkeypatch: pytest.MonkeyPatch, error: str, status: int
) -> None:
    """Another job of the round may wait for it before the watch looks."""
    watch = Watch(lambda: None)
    caretaker = Caretaker([Job("watch the workers", watch.look, 0)], [], watch.note_failure)

    def fails(*_: Any) -> None:
        raise OperationalError(error)

    monkeypatch.setattr(jobs, "time", clock := Clock())
    caretaker.sweeps.append(Job("send", fails, 0))
    caretaker.sweep()
    clock.now += 25
    monkeypatch.setattr(time, "monotonic", clock.monotonic)

    def locked(*_: Any) -> None:
        clock.now += 20
        raise OperationalError("database is locked")

    with connection.execute_wrapper(locked):
        caretaker.sweep()
    assert watch.status == status


@pytest.mark.django_db(transaction=True)
def test_silence_while_nobody_can_write_is_not_held_against_workers(
    alive: str, settings: Any
) -> None:
    silent = timezone.now() - timedelta(seconds=settings.WORKER_STALL + 5)
    WorkerHeartbeat.objects.update(seen_at=silent)

    def locked(execute: Any, sql: str, *rest: Any) -> Any:
        if not sql.startswith("SELECT"):
            raise OperationalError("database is locked")
        return execute(sql, *rest)

    watch = looks(2)
    with connection.execute_wrapper(locked):
        for _ in range(5):
            run_due([Job("watch the workers", watch.look, 0)])
    watch.look()
    assert watch.status == 0, "they have a moment to give a sign of life"
    for _ in range(2):
        watch.look()
    assert watch.status == RENEW
