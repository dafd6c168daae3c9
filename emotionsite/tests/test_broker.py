"""The embedded broker survives what a crash or a full disk leaves behind."""

import queue as standard
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from kombu import Connection
from kombu.simple import SimpleQueue

from detector.tasks import deliver
from emotionsite.broker import Transport
from emotionsite.celery import app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    # What was declared is remembered for the process, whatever the folder.
    Transport.global_state.clear()
    (tmp_path / "queue").mkdir()
    return tmp_path


@pytest.fixture
def connection(folder: Path) -> Iterator[Any]:
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.01,
    }
    with Connection(transport=Transport, transport_options=options) as opened:
        yield opened


@pytest.fixture
def queue(connection: Any) -> Iterator[Any]:
    with SimpleQueue(connection, "analysis") as simple:
        yield simple


def test_no_queue_waits_behind_another(connection: Any) -> None:
    names = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    assert app.amqp.router.route({}, deliver.name)["queue"].name == settings.WEBHOOK_QUEUE
    came: list[str] = []
    with connection.Producer() as producer:
        queues = [queue.bind(connection.default_channel) for queue in settings.CELERY_TASK_QUEUES]
        for queue in queues:
            queue.declare()
        for name in names[:1] * 10 + names[1:]:
            producer.publish({}, exchange=name, routing_key=name)

    def on_message(message: Any) -> None:
        came.append(message.delivery_info["routing_key"])
        message.ack()

    with connection.Consumer(settings.CELERY_TASK_QUEUES, on_message=on_message):
        while len(came) < len(names) + 9:
            connection.drain_events(timeout=5)
    assert set(came[: 2 * len(names)]) == set(names)


def messages(folder: Path) -> list[Path]:
    return sorted((folder / "queue").iterdir())


def test_messages_come_out_in_the_order_they_came_in(queue: Any) -> None:
    for number in range(20):
        queue.put({"n": number})
    assert [queue.get(timeout=5).payload["n"] for _ in range(20)] == list(range(20))


def test_a_torn_message_counts_as_lost(queue: Any, folder: Path) -> None:
    queue.put({"n": 1})
    messages(folder)[0].write_text("")
    queue.put({"n": 2})
    assert queue.get(timeout=5).payload == {"n": 2}
    assert messages(folder) == []


def test_a_message_appears_whole_or_not_at_all(queue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        queue.put({"n": 1})
    with pytest.raises(standard.Empty):
        queue.get(timeout=0.2)


@pytest.mark.parametrize("content", ["", "[[", "\x00\x00"])
def test_a_torn_exchange_table_loses_nothing(folder: Path, queue: Any, content: str) -> None:
    [table] = (folder / "control").iterdir()
    table.write_text(content)
    queue.put({"n": 1})
    assert queue.get(timeout=5).payload == {"n": 1}


def test_a_torn_exchange_table_is_made_anew_by_the_next_process(
    folder: Path, queue: Any, connection: Any
) -> None:
    [table] = (folder / "control").iterdir()
    table.write_text("")
    Transport.global_state.clear()
    with SimpleQueue(connection, "analysis"):
        assert "analysis" in table.read_text()
