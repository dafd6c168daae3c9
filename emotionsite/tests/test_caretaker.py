"""The caretaker: the failure of one job never affects the others."""

import threading
import time
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from detector.models import Photo
from detector.tests.factories import PhotoFactory
from emotionsite import caretaker as caretaker_module
from emotionsite.caretaker import Caretaker
from emotionsite.processes import jobs
from emotionsite.processes.jobs import Job, run_due
from emotionsite.tests.moved_clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("private_jobs")]


HOUR = 3600.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(jobs, "time", moved)
    return moved


@pytest.fixture
def all_jobs() -> list[Job]:
    return [*caretaker_module.sweeps(), *caretaker_module.tidying()]


NUMBER_OF_JOBS = 21


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
