"""Heartbeats: how workers show that they are alive."""

import os
import socket
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from detector.models import WorkerHeartbeat
from detector.operations import heartbeats
from emotionsite.processes import heart as heart_module
from emotionsite.processes.heart import Heart
from emotionsite.tests.moved_clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("private_jobs")]


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
