"""A server in a thread, and a client that sends and reads raw bytes."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from emotionsite import web
from emotionsite.http.server import Server

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
LARGEST_BODY = 200_000


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Return the request as JSON; 413 above the limit, as our middleware does."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > LARGEST_BODY:
        start_response("413 Too Large", [("Content-Length", "3")])
        return [b"413"]
    body = environ["wsgi.input"].read()
    seen = {key: value for key, value in environ.items() if isinstance(value, str)}
    answer = json.dumps({**seen, "body_bytes": len(body)}).encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


@contextmanager
def running(application: Application = echo, **more: Any) -> Iterator[Server]:
    """Run a server for the block."""
    settings = {
        "threads": 4, "largest_body": LARGEST_BODY, "stored_bytes": 10**8, "behind_proxy": False,
    }  # fmt: skip
    with web.listen("127.0.0.1", 0) as listener:
        server = Server(application, listener, **{**settings, **more})
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join(30)
            assert not thread.is_alive()


class Client:
    """One connection; it keeps input beyond a response."""

    def __init__(self, server: Server | int, **options: Any) -> None:
        port = server if isinstance(server, int) else int(server.effective_port)
        self.socket = socket.socket()
        for name, value in options.items():
            self.socket.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        self.socket.settimeout(15)
        self.socket.connect(("127.0.0.1", port))
        self.rest = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        self.send(data)
        return self.answer()

    def answer(self, *, bodiless: bool = False) -> tuple[int, dict[str, str], bytes]:
        """Read a response: status, headers in lower case, body."""
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        status = int(head[0].split()[1])
        body = b""
        if bodiless or status in (100, 204, 304):
            return status, headers, body
        if headers.get("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                body += self._exactly(size + 2)[:-2]
            self._exactly(2)
            return status, headers, body
        return status, headers, self._exactly(int(headers["content-length"]))

    def is_closed(self) -> bool:
        """Return whether the server has closed the connection without further data."""
        return self.rest == b"" and self.socket.recv(1) == b""

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.rest:
            self._read()
        found, _, self.rest = self.rest.partition(mark)
        return found

    def _exactly(self, count: int) -> bytes:
        while len(self.rest) < count:
            self._read()
        found, self.rest = self.rest[:count], self.rest[count:]
        return found

    def _read(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError(f"closed after {self.rest!r}")
        self.rest += data


def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)
