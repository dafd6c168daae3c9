"""The embedded broker survives the effects of crashes and full disks."""

import os
import queue as standard
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from kombu import Connection
from kombu.simple import SimpleQueue

from detector.tasks import deliver, explain
from emotionsite import broker
from emotionsite.broker import FRESH_NS, MAX_AGE_SECONDS, Transport, remove_old_messages
from emotionsite.celery import app
from emotionsite.processes import programs


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
    names = list(settings.CELERY_TASK_QUEUES)
    for task, name in ((deliver, settings.WEBHOOK_QUEUE), (explain, settings.EXPLANATION_QUEUE)):
        assert app.amqp.router.route({}, task.name)["queue"].name == name
    came: list[str] = []
    with connection.Producer() as producer:
        queues = [app.amqp.queues[name].bind(connection.default_channel) for name in names]
        for queue in queues:
            queue.declare()
        for name in names[:1] * 10 + names[1:]:
            producer.publish({}, exchange=name, routing_key=name)

    def on_message(message: Any) -> None:
        came.append(message.delivery_info["routing_key"])
        message.ack()

    with connection.Consumer(queues, on_message=on_message):
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


def test_a_folder_that_vanishes_is_made_again_by_whoever_needs_it(folder: Path, queue: Any) -> None:
    queue.put({"n": 1})
    for _ in range(2):
        shutil.rmtree(folder)
        with pytest.raises(standard.Empty):
            queue.get(timeout=0.05)
        shutil.rmtree(folder)
        queue.put({"n": 2})
        assert queue.get(timeout=5).payload == {"n": 2}
    shutil.rmtree(folder)
    assert queue.qsize() == 0
    shutil.rmtree(folder)
    Transport.global_state.clear()
    queue.queue.declare()
    assert (folder / "control").is_dir()
    assert queue.clear() == 0


def test_two_takers_never_get_the_same_message(queue: Any, connection: Any) -> None:
    for number in range(40):
        queue.put({"n": number})
    came: list[int] = []
    with connection.clone() as other, SimpleQueue(other, "analysis") as second:
        came += [taker.get(timeout=5).payload["n"] for taker in [queue, second] * 20]
    assert sorted(came) == list(range(40))


def test_an_idle_poll_does_not_list_the_folder(
    folder: Path, queue: Any, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        queue.put({"n": number})
    an_hour_ago = time.time() - 3600
    os.utime(folder / "queue", (an_hour_ago, an_hour_ago))
    channel = connection.channel()
    lists: list[Path] = []
    iterdir = Path.iterdir

    def counted(self: Path) -> Iterator[Path]:
        lists.append(self)
        return iterdir(self)

    monkeypatch.setattr(Path, "iterdir", counted)
    for _ in range(100):
        with pytest.raises(standard.Empty):
            channel._get("webhooks")
    assert len(lists) == 1
    queue.put({"n": 50})
    time.sleep(FRESH_NS / 1e9)
    assert [channel._get("analysis") is not None for _ in range(51)] == [True] * 51
    monkeypatch.setattr(broker, "FRESH_NS", 60 * 10**9)
    # Once for each change, whatever the number of queues.
    lists.clear()
    queue.put({"n": 51})
    channel._listed_ns = 0
    for name in ("webhooks", "explanations", "videos", "background"):
        with pytest.raises(standard.Empty):
            channel._get(name)
    assert len(lists) == 1


def test_events_of_workers_leave_no_files(folder: Path, connection: Any) -> None:
    with connection.channel() as channel:
        dispatcher = app.events.Dispatcher(connection, hostname="one", channel=channel)
        for _ in range(30):
            dispatcher.send("worker-heartbeat", freq=2)
        dispatcher.close()
    assert messages(folder) == []


def test_a_worker_of_any_kind_that_the_supervisor_starts_sends_no_events() -> None:
    workers = [
        p
        for p in programs.wanted(["worker", "background"])
        if "emotionsite.processes.worker" in p.command
    ]
    assert len(workers) >= 2
    for program in workers:
        options = {"--without-gossip", "--without-mingle", "--without-heartbeat"}
        assert options <= set(program.command)


def test_old_messages_and_what_crashes_left_are_removed(
    folder: Path, queue: Any, settings: Any
) -> None:
    settings.BROKER_FOLDER = folder
    for number in range(2):
        queue.put({"n": number})
    old = messages(folder)[0]
    torn = folder / "queue" / ".1.analysis.msg.part"
    torn.touch()
    long_ago = time.time() - MAX_AGE_SECONDS - 60
    for path in (old, torn):
        os.utime(path, (long_ago, long_ago))
    assert remove_old_messages() == 2
    assert queue.get(timeout=5).payload == {"n": 1}
    shutil.rmtree(folder)
    assert remove_old_messages() == 0


def test_what_is_written_is_private(folder: Path, queue: Any) -> None:
    earlier = os.umask(0)
    try:
        queue.put({"n": 1})
        Transport.global_state.clear()
        shutil.rmtree(folder / "control")
        queue.queue.declare()
    finally:
        os.umask(earlier)
    for path in [*messages(folder), *(folder / "control").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


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
