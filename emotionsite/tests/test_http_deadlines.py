"""Slow, silent or lost clients never hold what others need."""

import json
import resource
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from emotionsite.http import connections, server
from emotionsite.tests.running_server import Client, echo, running, until
from emotionsite.tests.test_http_requests import CHUNKED, GET, POST, code_of

SOON = 0.5
LATE = 60.0


def wait_at_most(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    for name in ("IDLE", "HEADER", "BODY", "WRITE"):
        monkeypatch.setattr(connections, f"{name}_SECONDS", seconds)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_at_most(monkeypatch, SOON)
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.1)


@pytest.fixture
def _patient(_impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no deadline pass, however slow the machine is."""
    wait_at_most(monkeypatch, LATE)


def drip(client: Client, data: bytes) -> bytes:
    """Send one byte at a time until the server responds. Returns the response."""
    client.socket.settimeout(0.05)
    for byte in data:
        try:
            client.send(bytes([byte]))
            said = client.socket.recv(4096)
            client.socket.settimeout(10)
            # What it says may come in two pieces; then it closes.
            while more := client.socket.recv(4096):
                said += more
            return said
        except TimeoutError:
            continue
        except OSError:
            return b""
    raise AssertionError("it goes on for ever")


@pytest.mark.parametrize(
    ("first", "drips"),
    [
        (b"GET / HTTP/1.1\r\n", b"X-Drip: " + b"a" * 200),
        (b"GET /", b"a" * 200),
        (POST + b"Content-Length: 9999\r\n\r\n", b"a" * 200),
        (CHUNKED, b"1\r\na\r\n" * 50),
    ],
)
def test_who_drips_is_told_and_closed(first: bytes, drips: bytes) -> None:
    with running() as running_server, Client(running_server) as client:
        client.send(first)
        said = drip(client, drips)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert code_of(said.partition(b"\r\n\r\n")[2]) == "request_timeout"


def test_empty_lines_are_no_sign_of_life() -> None:
    with running() as running_server, Client(running_server) as client:
        assert client.ask(GET)[0] == 200
        assert drip(client, b"\r\n" * 100) == b""


@pytest.mark.parametrize("first", [b"", GET])
def test_idle_connections_are_closed(first: bytes) -> None:
    with running() as running_server, Client(running_server) as client:
        if first:
            assert client.ask(first)[0] == 200
        assert client.is_closed()


def test_a_body_that_comes_steadily_may_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_at_most(monkeypatch, 2 * SOON)
    monkeypatch.setattr(connections, "BODY_BYTES", 10)
    with running() as running_server, Client(running_server) as client:
        client.send(POST + b"Content-Length: 3000\r\n\r\n")
        for _ in range(30):
            client.send(b"a" * 100)
            time.sleep(SOON / 10)
        assert json.loads(client.answer()[2])["body_bytes"] == 3000


def test_a_clock_that_is_set_anew_neither_ends_deadlines_nor_brings_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "BODY_BYTES", 1)
    real = time.time
    with running() as running_server, Client(running_server) as idle:
        assert idle.ask(GET)[0] == 200
        monkeypatch.setattr(time, "time", lambda: real() - 3600)
        assert idle.is_closed()
        with Client(running_server) as sending:
            sending.send(POST + b"Content-Length: 2\r\n\r\na")
            time.sleep(SOON / 5)
            monkeypatch.setattr(time, "time", lambda: real() + 3600)
            time.sleep(SOON / 2)
            sending.send(b"b")
            assert json.loads(sending.answer()[2])["body_bytes"] == 2


class Stream:
    """An application with an endless response at /stream; other responses have a length."""

    def __init__(self) -> None:
        self.open: set[int] = set()
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] != "/stream":
            return echo(environ, start_response)
        start_response("200 OK", [])
        return self.pieces()

    def pieces(self) -> Iterator[bytes]:
        me = threading.get_ident()
        self.open.add(me)
        try:
            while True:
                yield b"a" * 2**20
        finally:
            self.open.discard(me)


STREAM = GET.replace(b"/healthz", b"/stream")


def test_readers_that_stop_leave_threads_to_others_and_are_dropped() -> None:
    stream = Stream()
    with running(stream, threads=4) as running_server:
        stopped = [Client(running_server, SO_RCVBUF=4096) for _ in range(12)]
        for client in stopped:
            client.send(STREAM)
        with Client(running_server) as other:
            for _ in range(20):
                assert other.ask(GET)[0] == 200
        until(lambda: not stream.open)
        until(lambda: not running_server.active_channels)
        for client in stopped:
            client.socket.close()


def test_a_reader_that_takes_its_time_gets_everything() -> None:
    size = 3 * 2**20
    body = b"a" * size

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", str(size))])
        return [body]

    with running(application) as running_server:
        with Client(running_server, SO_RCVBUF=65536) as client:
            client.send(GET)
            client._until(b"\r\n\r\n")
            while len(client.rest) < size:
                client._read()
                time.sleep(0.01)
        assert len(client.rest) == size


def test_an_answer_ends_when_its_client_leaves() -> None:
    stream = Stream()
    with running(stream) as running_server:
        with Client(running_server) as client:
            client.send(STREAM)
            until(lambda: stream.open)
        until(lambda: not stream.open)


@pytest.mark.usefixtures("_patient")
def test_beyond_the_limit_the_longest_silent_connection_makes_room() -> None:
    with running() as running_server:
        running_server.max_connections = 5
        silent = [Client(running_server) for _ in range(4)]
        for client in silent:
            client.send(b"GET / HTTP/1.1\r\n")
            time.sleep(0.02)
        for _ in range(10):
            with Client(running_server) as other:
                assert other.ask(GET)[0] == 200
            time.sleep(0.02)
        more = [Client(running_server) for _ in range(3)]
        assert more[-1].ask(GET)[0] == 200
        assert silent[0].is_closed()
        for client in (*silent, *more):
            client.socket.close()


@pytest.mark.usefixtures("_patient")
def test_bodies_that_fill_the_disk_are_refused() -> None:
    with running(stored_bytes=300_000) as running_server:
        head = POST + b"Content-Length: 200000\r\n\r\n"
        clients = [Client(running_server) for _ in range(4)]
        for client in clients:
            client.send(head + b"a" * 100_000)
            time.sleep(0.02)
        status, headers, body = clients[0].answer()
        assert (status, code_of(body)) == (503, "busy")
        assert headers["retry-after"] == "5"
        assert clients[-1].ask(b"a" * 100_000)[0] == 200
        for client in clients:
            client.socket.close()


@pytest.mark.usefixtures("_patient")
def test_a_body_that_finds_no_room_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("waitress.receiver.FixedStreamReceiver.received", full)
    with running() as running_server, Client(running_server) as client:
        client.send(POST + b"Content-Length: 3\r\n\r\nabc")
        status, _, body = client.answer()
        assert (status, code_of(body)) == (503, "busy")
        monkeypatch.undo()
        with Client(running_server) as other:
            assert other.ask(GET)[0] == 200


@pytest.mark.usefixtures("_patient")
def test_stopping_finishes_what_is_under_way() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Any) -> Any:
        asked.set()
        go_on.wait(10)
        return echo(environ, start_response)

    with (
        running(slow) as running_server,
        Client(running_server) as client,
        Client(running_server) as idle,
    ):
        client.send(GET)
        asked.wait(10)
        running_server.stop()
        assert idle.is_closed()
        with pytest.raises(ConnectionRefusedError):
            until(lambda: socket.create_connection(client.socket.getpeername()).close(), 5)
        go_on.set()
        status, headers, _ = client.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert client.is_closed()


def test_as_many_connections_as_files_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: set_to.append(limits))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    assert server.allowed_connections() == 308
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 10**6))
    assert server.allowed_connections() == 1000
    assert set_to == [(1024, 1024), (3100, 10**6)]
