"""Check what the operators' probes are told."""

import errno
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from celery import current_app
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.utils import timezone
from kombu import Connection
from pytest_django.fixtures import Settings
from redis import Redis
from redis.exceptions import OutOfMemoryError

from detector.models import Analysis
from detector.operations import heartbeats
from detector.tests.factories import PhotoFactory
from detector.tests.services_needed import need_redis
from detector.web import health

pytestmark = pytest.mark.django_db
# Of no other test.
REDIS_DATABASE = 11


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    health._recent_checks.cache_clear()
    yield
    health._recent_checks.cache_clear()


@pytest.fixture
def worker() -> None:
    heartbeats.announce("some:1")


def ask() -> Any:
    return Client().get("/readyz")


def test_process_lives() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


def test_all_is_there(worker: None) -> None:
    response = ask()
    assert response.status_code == 200
    assert set(response.json()["checks"].values()) == {"ok"}


def test_no_worker() -> None:
    response = ask()
    assert response.status_code == 503
    assert response.json()["checks"]["worker"] == "unavailable"
    assert response.json()["checks"]["database"] == "ok"


def test_work_that_waits_beside_a_worker_that_takes_none(worker: None) -> None:
    photo, old = PhotoFactory.create(), timezone.now() - timedelta(minutes=2)
    Analysis.objects.create(photo=photo, owner=photo.owner, queued_at=old, due_at=old, sent_at=old)
    response = ask()
    assert response.status_code == 503
    assert response.json()["checks"]["worker"] == "unavailable"
    assert "1 analyses wait, the oldest for 12" in response.json()["reasons"]["worker"]


def test_errors_are_not_told_to_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    def leak() -> None:
        raise OSError("postgres://emotionsite:secret@database")

    monkeypatch.setattr(health, "_database", leak)
    assert ask().json()["reasons"]["database"] == "it does not answer"


def test_full_disk(worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(FileSystemStorage, "save", full)
    answer = ask().json()
    assert answer["checks"]["storage"] == "unavailable"
    assert answer["reasons"]["storage"] == "it is full"


def test_full_redis_answers_and_takes_no_message(
    worker: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.REDIS_URL = url = f"{need_redis().rpartition('/')[0]}/{REDIS_DATABASE}"
    monkeypatch.setattr(current_app, "connection_for_write", lambda **_: Connection(url))
    assert ask().json()["checks"]["broker"] == "ok"
    health._recent_checks.cache_clear()
    # Which commands need memory, Redis says itself. The others on this server are not filled, too.
    with Redis.from_url(url) as client:
        commands = client.execute_command("COMMAND")
    needing = {name for name, about in commands.items() if "denyoom" in about["flags"]}
    real = Redis.execute_command

    def when_full(self: Any, name: str, *args: Any, **options: Any) -> Any:
        if name.lower() in needing:
            raise OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")
        return real(self, name, *args, **options)

    monkeypatch.setattr(Redis, "execute_command", when_full)
    answer = ask().json()
    assert answer["reasons"] == {"broker": "it is full"}


def test_storage_that_is_away_is_not_full(worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> None:
        raise OSError(errno.EIO, "no disk")

    monkeypatch.setattr(FileSystemStorage, "save", away)
    assert ask().json()["reasons"]["storage"] == "it does not answer"


def test_age_of_the_queue(worker: None) -> None:
    assert ask().json()["queue"] == {"waiting": 0, "running": 0, "oldest_seconds": 0}
    photo, old = PhotoFactory.create(), timezone.now() - timedelta(seconds=90)
    Analysis.objects.create(photo=photo, owner=photo.owner, queued_at=old, due_at=old)
    health._recent_checks.cache_clear()
    queue = ask().json()["queue"]
    assert (queue["waiting"], queue["running"]) == (1, 0)
    assert 90 <= queue["oldest_seconds"] < 120


def test_checks_run_about_once_a_second(worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "time", SimpleNamespace(monotonic=lambda: 7.5))
    assert ask().status_code == 200
    heartbeats.remove("some:1")
    assert ask().status_code == 200
    monkeypatch.setattr(health, "time", SimpleNamespace(monotonic=lambda: 8.5))
    assert ask().status_code == 503
    # Whoever waits for the end of an outage hears of it soon.
    heartbeats.announce("some:1")
    assert ask().status_code == 503
    monkeypatch.setattr(health, "time", SimpleNamespace(monotonic=lambda: 8.7))
    assert ask().status_code == 200
