"""The thread that no error may end."""

import os
import threading
from typing import Any

import pytest

from detector.models import WorkerHeartbeat
from detector.services import heartbeats, submission
from emotionsite.caretaker import Caretaker


class Worker:
    """What a boot step is given; none of it is used."""

    hostname = "test"


@pytest.fixture
def caretaker(settings: Any) -> Caretaker:
    settings.SWEEP_INTERVAL = 0.01
    return Caretaker(Worker())


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_after_any_error(caretaker: Caretaker, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    thrice = threading.Event()

    def broken() -> int:
        calls.append(1)
        if len(calls) == 3:
            thrice.set()
        raise ValueError("not an error of the database")

    monkeypatch.setattr(submission, "sweep", broken)
    caretaker.start(Worker())
    assert thrice.wait(timeout=10)
    caretaker.stop(Worker())
    caretaker.thread.join(timeout=10)
    assert not caretaker.thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_it_says_good_bye(caretaker: Caretaker) -> None:
    heartbeats.announce(caretaker.worker)
    caretaker.start(Worker())
    caretaker.stop(Worker())
    caretaker.thread.join(timeout=10)
    assert not WorkerHeartbeat.objects.exists()


@pytest.mark.django_db
def test_workers_that_were_killed_are_forgotten() -> None:
    dead, alive = heartbeats.worker_name(4_000_000), heartbeats.worker_name(os.getpid())
    elsewhere = "another-host:4000000"
    for name in (dead, alive, elsewhere):
        heartbeats.announce(name)
    heartbeats.forget_dead()
    names = set(WorkerHeartbeat.objects.values_list("name", flat=True))
    assert names == {alive, elsewhere}


@pytest.mark.django_db
def test_a_beat_before_the_model_is_loaded_does_not_count() -> None:
    heartbeats.beat("some:1")
    assert not WorkerHeartbeat.objects.exists()
