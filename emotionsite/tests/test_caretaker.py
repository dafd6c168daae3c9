"""The caretaker: the failure of one job never affects the others."""

import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection
from django.utils import timezone

from detector.models import Analysis, Photo, WorkerHeartbeat
from detector.operations import heartbeats, liveness
from detector.tests.factories import PhotoFactory
from emotionsite import caretaker as caretaker_module
from emotionsite.caretaker import Caretaker
from emotionsite.processes import heart as heart_module
from emotionsite.processes import jobs
from emotionsite.processes.heart import Heart
from emotionsite.processes.jobs import Job, run_due
from emotionsite.processes.programs import RENEW
from emotionsite.processes.watch import Watch

pytestmark = pytest.mark.django_db

HOUR = 3600.0


@pytest.fixture(autouse=True)
def _private(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """No job touches this installation's files; none closes the connection of a test."""
    settings.MEDIA_ROOT, settings.BROKER_FOLDER = tmp_path / "media", tmp_path / "broker"
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    monkeypatch.setattr(jobs, "connection", type("Kept", (), {"close": lambda self: None})())


class Clock:
    """Python's `time`, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(jobs, "time", moved)
    return moved


@pytest.fixture
def all_jobs() -> list[Job]:
    return [*caretaker_module.sweeps(), *caretaker_module.tidying()]


NUMBER_OF_JOBS = 12


@pytest.mark.parametrize("broken", range(NUMBER_OF_JOBS))
@pytest.mark.parametrize("error", [ValueError("no error of a database"), SoftTimeLimitExceeded()])
def test_a_job_that_fails_never_starves_the_rest(
    all_jobs: list[Job], broken: int, error: Exception
) -> None:
    assert len(all_jobs) == NUMBER_OF_JOBS
    done: list[str] = []

    def fail() -> None:
        raise error

    for number, job in enumerate(all_jobs):
        job.action = fail if number == broken else partial(done.append, job.name)
        job.due_at = 0
    run_due(all_jobs)
    assert done == [job.name for n, job in enumerate(all_jobs) if n != broken]


def test_only_what_succeeded_is_done_for_the_hour(clock: Clock, caplog: Any) -> None:
    done: list[float] = []
    works = True

    def action() -> int:
        if not works:
            raise OSError("the storage is away")
        done.append(clock.now)
        return 3

    job = Job("tidy", action, 600, every=HOUR)
    run_due([job])
    clock.now += HOUR - 1
    run_due([job])
    assert done == [1000.0]
    works = False
    clock.now += 1
    run_due([job])
    assert "The job tidy failed after 0.0 s, the 1th time in a row" in caplog.text
    works = True
    clock.now += jobs.FIRST_WAIT
    run_due([job])
    assert done == [1000.0, clock.now]
    assert job.failures == 0


def waits_of(job: Job, clock: Clock) -> list[float]:
    """Return the waits after each of ten failures."""
    tried: list[float] = []

    def action() -> None:
        tried.append(clock.now)
        raise ValueError

    job.action, job.due_at = action, 0
    while len(tried) < 11:
        run_due([job])
        clock.now += 1
    return [after - before for before, after in pairwise(tried)]


def test_a_job_that_goes_on_failing_is_tried_less_and_less_often(clock: Clock) -> None:
    waits = waits_of(Job("broken", lambda: 0, 600), clock)
    assert waits == sorted(waits)
    assert waits[0] == jobs.FIRST_WAIT
    assert waits[-1] == 600


def test_after_an_outage_photos_are_looked_after_soon(clock: Clock) -> None:
    assert {max(waits_of(job, clock)) for job in caretaker_module.sweeps()} == {30}
    assert {max(waits_of(job, clock)) for job in caretaker_module.tidying()} == {600}


def test_a_job_is_reported_with_its_time(
    clock: Clock, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow() -> None:
        clock.now += 12

    caplog.set_level("INFO")
    run_due([Job("slow one", slow, 30), Job("idle one", lambda: 0, 30)])
    assert "The job slow one took 12.0 s" in caplog.text
    assert "idle one" not in caplog.text


def test_a_sweep_goes_on_while_tidying_hangs(settings: Any) -> None:
    settings.SWEEP_INTERVAL = 0.01
    hangs, released = threading.Event(), threading.Event()
    swept: list[float] = []

    def hang() -> None:
        hangs.set()
        released.wait(20)

    def sweep() -> None:
        if hangs.is_set():
            swept.append(time.monotonic())
        if len(swept) == 3:
            caretaker.stop()

    caretaker = Caretaker([Job("sweep", sweep, 30)], [Job("tidy", hang, 600)])
    caretaker.run()
    released.set()
    assert len(swept) == 3


def test_once_an_hour_the_bin_is_emptied(settings: Any) -> None:
    old = timezone.now() - timedelta(days=settings.BIN_DAYS + 1)
    PhotoFactory.create(deleted_at=old)
    kept = PhotoFactory.create(deleted_at=timezone.now())
    tidying = caretaker_module.tidying()
    run_due(tidying)
    assert Photo.objects.count() == 2, "not at once"
    for job in tidying:
        job.due_at = 0
    run_due(tidying)
    assert Photo.objects.get() == kept


# --- signs of life


def test_workers_that_were_killed_are_forgotten() -> None:
    dead, alive = heartbeats.worker_name(4_000_000), heartbeats.worker_name(os.getpid())
    elsewhere = "another-host:4000000"
    for name in (dead, alive, elsewhere):
        heartbeats.announce(name)
    heartbeats.delete_dead()
    names = set(WorkerHeartbeat.objects.values_list("name", flat=True))
    assert names == {alive, elsewhere}


@pytest.mark.parametrize("started", [":1", ""])
def test_a_row_of_before_a_crash_is_not_of_the_process_that_has_its_id_now(
    started: str, settings: Any
) -> None:
    long_ago = timezone.now() - timedelta(minutes=10)
    of_now, of_then = heartbeats.worker_name(os.getpid()), f"{socket.gethostname()}:{os.getpid()}"
    heartbeats.announce(of_now)
    WorkerHeartbeat.objects.create(name=of_then + started, seen_at=long_ago)
    assert heartbeats.silent_here() == []
    heartbeats.delete_dead()
    assert WorkerHeartbeat.objects.get().name == of_now


def test_a_beat_before_the_model_is_loaded_does_not_count() -> None:
    heartbeats.beat("some:1")
    assert not WorkerHeartbeat.objects.exists()


def test_tasks_are_written_down_at_most_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Clock()
    monkeypatch.setattr(heart_module, "time", moved)
    heart = Heart()
    heartbeats.announce(heart.name)
    for passed, is_written in ((0, True), (0.5, False), (0.6, True)):
        WorkerHeartbeat.objects.update(taken_at=None)
        moved.now += passed
        heart.begin_task()
        assert (WorkerHeartbeat.objects.get().taken_at is not None) == is_written
    assert WorkerHeartbeat.objects.get().is_busy
    heart.end_task()
    heartbeats.beat(heart.name, is_busy=heart.is_busy)
    assert not WorkerHeartbeat.objects.get().is_busy


def test_a_task_is_done_where_it_cannot_be_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(name: str) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(heartbeats, "take", away)
    Heart().begin_task()


@pytest.mark.django_db(transaction=True)
def test_a_process_announces_itself_beats_and_says_good_bye(settings: Any) -> None:
    settings.SWEEP_INTERVAL = 0.01
    heart = Heart()
    heart.start()
    first = WorkerHeartbeat.objects.get(name=heartbeats.worker_name(os.getpid())).seen_at
    end = time.monotonic() + 10
    while WorkerHeartbeat.objects.get().seen_at == first and time.monotonic() < end:
        time.sleep(0.02)
    assert WorkerHeartbeat.objects.get().seen_at > first
    heart.stopping.set()
    heart.thread.join(10)
    assert not WorkerHeartbeat.objects.exists()


# --- the watch


@pytest.fixture
def waiting() -> Analysis:
    """A photo whose message was sent a minute ago and was not claimed."""
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


def busy(waiting: Analysis) -> None:
    """With a heat map that takes long, for instance."""
    [worker] = WorkerHeartbeat.objects.all()
    heartbeats.take(worker.name)
    old = timezone.now() - timedelta(seconds=50)
    WorkerHeartbeat.objects.update(taken_at=old)


def just_took_something_else(waiting: Analysis) -> None:
    """And has done it already."""
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
