"""Connections with deadlines: a client that stops reading or sending is disconnected."""

import socket
import time
from typing import Any, Final

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel

from emotionsite.http.answers import Answer, Refused
from emotionsite.http.requests import Refusal, Request

IDLE_SECONDS: Final = 75
HEADER_SECONDS: Final = 30
# A body must bring this many bytes in each period.
BODY_SECONDS, BODY_BYTES = 30, 30 * 2**10
# A client must read something of its response in this time.
WRITE_SECONDS: Final = 30
# After a refusal, input is discarded for this long, so that the client can read the response.
LINGER_SECONDS, LINGER_SILENCE = 30, 5


class Connection(HTTPChannel):
    """The connection of one client."""

    # Attributes of waitress: the incoming request, the requests to answer, the bytes to send, and
    # whether to close after these.
    request: Request | None
    requests: list[Request]
    total_outbufs_len: int
    close_when_flushed: bool

    parser_class = Request
    task_class = Answer
    error_task_class = Refused

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        # `began`: when the last request began. `since`: when the current phase (idle, header, or a
        # period of the body) began. `body_bytes`: bytes of the body at that time.
        self.began = self.since = self.last_activity
        self.body_bytes = 0
        self.phase: tuple[Request, bool] | None = None
        self.lingers_since: float | None = None

    @property
    def last_activity(self) -> float:
        """When it last received or sent something, by a clock that nobody sets."""
        return self._last_activity

    @last_activity.setter
    def last_activity(self, _: float) -> None:
        # Waitress sets the time of day. If that jumps, deadlines would end hours late, or at once.
        self._last_activity = time.monotonic()

    def received(self, data: bytes) -> bool:
        """Note when a request or its body begins. A body that cannot be stored is refused."""
        self.server.note_received(len(data))
        try:
            result = bool(super().received(data))
        except OSError:
            self.logger.exception("A body cannot be stored")
            self.refuse("busy")
            return False
        request = self.request
        if request is not None and request.has_begun:
            before, phase = self.phase, (request, request.headers_finished)
            if phase != before:
                self.phase, self.body_bytes, self.since = phase, 0, time.monotonic()
                if before is None or before[0] is not request:
                    self.began = self.since
        return result

    def service(self) -> None:
        """Answer one request. Afterwards the connection is idle."""
        super().service()
        self.since = time.monotonic()

    def refuse(self, code: str) -> None:
        """Answer the incoming request with an error, then close."""
        with self.requests_lock:
            request = self.request or self.parser_class(self.adj)
            request.refuse(Refusal(code))
            self.request = None
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.add_task(self)

    def readable(self) -> bool:
        """Return whether to read: also while input is discarded."""
        return self.lingers_since is not None or bool(super().readable())

    def handle_read(self) -> None:
        """Read input. After the last response it is discarded."""
        if self.lingers_since is None:
            super().handle_read()
        elif not self.recv(self.adj.recv_bytes):
            self.handle_close()
        else:
            self.last_activity = time.monotonic()

    def handle_write(self) -> None:
        """Send output. Closes in two steps: a reset would cost a sending client its response."""
        closes = self.close_when_flushed
        if closes:
            self.close_when_flushed = False
        super().handle_write()
        if closes and self.total_outbufs_len:
            self.close_when_flushed = True
        elif closes and self.connected:
            self.lingers_since = self.last_activity = time.monotonic()
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                self.handle_close()

    def _flush_outbufs_below_high_watermark(self) -> None:
        if self.total_outbufs_len > self.adj.outbuf_high_watermark:
            with self.server.held_thread(self):
                super()._flush_outbufs_below_high_watermark()

    @property
    def is_idle(self) -> bool:
        """Whether it can be closed without loss: no known request is under way."""
        coming = self.request is not None and self.request.headers_finished
        return not (coming or self.requests or self.total_outbufs_len or self.close_when_flushed)

    @property
    def in_service(self) -> bool:
        """Whether it waits for the server, not for its client."""
        return bool(self.requests) and not self.total_outbufs_len

    @property
    def waits_since(self) -> float:
        """Time since when its client has sent or read nothing useful."""
        return self.last_activity if self.total_outbufs_len else self.since

    def stored_bytes(self) -> int:
        """Return the bytes that its requests and responses take in memory and on disk."""
        coming = [*self.requests, self.request]
        read = sum(request.body_bytes_received for request in coming if request)
        sent = (each for each in [*self.outbufs] if not isinstance(each, ReadOnlyFileBasedBuffer))
        return read + sum(len(buffer) for buffer in sent)

    def hold_to_deadlines(self, now: float) -> None:
        """Close the connection if its client exceeds a deadline."""
        if self.lingers_since is not None:
            late = now - self.lingers_since > LINGER_SECONDS
            late = late or now - self.last_activity > LINGER_SILENCE
        elif self.total_outbufs_len:
            late = now - self.last_activity > WRITE_SECONDS
        elif self.requests or self.close_when_flushed:
            late = False
        elif self.request is None or not self.request.has_begun:
            late = now - self.since > IDLE_SECONDS
        else:
            late = False
            self._hold_request_to_deadlines(self.request, now)
        if late:
            self.handle_close()

    def _hold_request_to_deadlines(self, request: Request, now: float) -> None:
        if not request.headers_finished:
            if now - self.since > HEADER_SECONDS:
                self.refuse("request_timeout")
        elif now - self.since > BODY_SECONDS:
            if request.body_bytes_received - self.body_bytes < BODY_BYTES:
                self.refuse("request_timeout")
            else:
                self.since, self.body_bytes = now, request.body_bytes_received
