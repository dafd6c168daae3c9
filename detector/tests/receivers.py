"""Receivers of webhooks for tests: one that responds, and some that are slow."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class Receiver(ThreadingHTTPServer):
    """Responds with the given statuses, and records the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.location = ""
        self.came: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?key=1"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((dict(self.headers), body))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(b"thanks" * 1000)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def receiving(server: Receiver) -> Iterator[Receiver]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def dripping(beginning: bytes, drop: bytes) -> Iterator[int]:
    """Yield the port of a receiver that sends a beginning, then a drop a moment, for ever.

    Without either it takes connections and says nothing.
    """
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    listener.settimeout(0.05)

    def drip() -> None:
        held: list[socket.socket] = []
        while not stop.is_set():
            try:
                held.append(listener.accept()[0])
                held[-1].sendall(beginning)
            except OSError:
                pass
            for connection in held:
                try:
                    connection.sendall(drop)
                except OSError:
                    continue
        for connection in held:
            connection.close()

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        listener.close()


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """Let every host name resolve to these addresses; each lookup takes the next ones."""
    left = list(answers)

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(2, 1, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
