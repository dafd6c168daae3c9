"""A worker starts completely, or it exits and is started again."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from celery import states
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]  # not in its types
from celery.signals import (
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_shutdown,
)
from django.db import InterfaceError, OperationalError, connection, connections

from detector.common import outages
from detector.exceptions import DetectorError
from detector.operations import heartbeats
from detector.registry import networks
from emotionsite import celery
from emotionsite.processes.heart import Heart

UNUSABLE = DetectorError("model_unusable", "No such weights.", permanent=False)


@pytest.fixture(autouse=True)
def _reads_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process count as a worker whose heart only announces it."""
    monkeypatch.setattr(celery, "reads_photos", lambda: True)
    monkeypatch.setattr(celery, "AWAY_SECONDS", 0)
    monkeypatch.setattr(Heart, "start", lambda heart: heartbeats.announce(heart.name))
    for signal in (worker_shutdown, task_prerun, task_postrun):
        monkeypatch.setattr(signal, "receivers", list(signal.receivers))


def failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error",
    [OperationalError("terminating connection"), InterfaceError("connection closed"), UNUSABLE],
)
def test_what_is_not_here_is_waited_for_over_a_new_connection(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    done: list[str] = []

    def warm_up() -> None:
        done.append("asked")
        if len(done) == 1:
            raise error

    monkeypatch.setattr(networks, "warm_up", warm_up)
    # The databases of tests are kept open.
    with monkeypatch.context() as patch:
        patch.setattr(connection, "close", lambda: done.append("closed"))
        worker_process_init.send(None)
    assert done[:3] == ["asked", "closed", "asked"]
    assert heartbeats.of_this_host().exists()


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError()])
def test_a_worker_that_cannot_load_its_model_ends(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(networks, "warm_up", failing(error))
    with pytest.raises(SystemExit) as ended:
        worker_process_init.send(None)
    assert ended.value.code == 1


@pytest.mark.parametrize(("error", "status"), [(UNUSABLE, os.EX_CONFIG), (OSError("x"), 1)])
def test_a_worker_whose_weights_cannot_be_verified_ends(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    monkeypatch.setattr(networks, "verify", failing(error))
    with pytest.raises(SystemExit) as ended:
        # Of another application, else Celery's own receivers would close connections from now on.
        worker_init.send(Mock(app=object()))
    assert ended.value.code == status


def test_a_worker_without_a_heart_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "warm_up", lambda: None)
    monkeypatch.setattr(Heart, "start", lambda self: failing(RuntimeError("no thread"))())
    with pytest.raises(SystemExit) as ended:
        worker_process_init.send(None)
    assert ended.value.code == 1


@pytest.mark.django_db
def test_a_ready_worker_notes_the_tasks_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "warm_up", lambda: None)
    worker_process_init.send(None)
    task_prerun.send(None)
    [row] = heartbeats.of_this_host()
    assert row.taken_at is not None
    assert row.is_busy


def test_tasks_share_a_connection_until_it_is_old_or_broken_or_one_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(type(connections["default"]), "close", lambda _: closed.append("at once"))
    monkeypatch.setattr(outages, "drop_dead_connection", lambda: closed.append("if old"))
    around = DjangoWorkerFixup(celery.app)
    task = SimpleNamespace(request=SimpleNamespace(is_eager=False))
    around.on_task_prerun(task)
    around.on_task_postrun(task)
    assert closed == []
    task_prerun.send(None)
    task_postrun.send(None, state=states.SUCCESS)
    assert closed == ["if old"] * 2
    task_postrun.send(None, state=states.FAILURE)
    assert closed == ["if old"] * 2 + ["at once"]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (None, ["analysis", "webhooks", "explanations", "videos"]),
        ("analysis", ["analysis", "explanations", "videos"]),
        ("webhooks", ["webhooks"]),
    ],
)
def test_who_analyses_photos_draws_heat_maps_too(
    said: str | None, read: list[str], tmp_path: Path
) -> None:
    environment = {**os.environ, "VAR_DIR": str(tmp_path)}
    environment.pop("WORKER_QUEUES", None)
    if said:
        environment["WORKER_QUEUES"] = said
    program = "from emotionsite import settings; print(*settings.WORKER_QUEUES)"
    found = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == read
