"""The messages that wait are counted in the embedded broker and in Redis."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from kombu import Connection
from kombu.exceptions import OperationalError

from detector.common.dispatch import TaskName, number_in_queue
from detector.tests.services_needed import need_redis
from emotionsite.broker import Transport

# Of no other test.
REDIS_DATABASE = 12


Connect = Callable[[], Any]


@pytest.fixture(params=["embedded", "Redis"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Connect:
    if request.param == "Redis":
        url = f"{need_redis().rpartition('/')[0]}/{REDIS_DATABASE}"
        return lambda: Connection(url)
    Transport.global_state.clear()
    folders = {name: str(tmp_path / "queue") for name in ("data_folder_in", "data_folder_out")}
    options = {**folders, "control_folder": str(tmp_path / "control")}
    return lambda: Connection(transport=Transport, transport_options=options)


def test_messages_that_wait_are_counted(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "connection_for_read", connect)
    with connect() as connection, connection.SimpleQueue(settings.ANALYSIS_QUEUE) as queue:
        queue.clear()
        assert number_in_queue(TaskName.ANALYSE) == 0
        for number in range(3):
            queue.put({"n": number})
        assert number_in_queue(TaskName.ANALYSE) == 3
        assert number_in_queue(TaskName.EXPLAIN) == 0
        queue.get(timeout=5).ack()
        assert number_in_queue(TaskName.ANALYSE) == 2
        queue.clear()


def test_a_broker_that_is_away_is_told_apart_from_an_empty_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = {"max_retries": 0}
    monkeypatch.setattr(
        current_app,
        "connection_for_read",
        lambda: Connection("redis://127.0.0.1:1/0", transport_options=options),
    )
    with pytest.raises(OperationalError):
        number_in_queue(TaskName.ANALYSE)
