"""A web server whose threads get complete requests only, and do not wait for slow readers."""

import resource
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from emotionsite.http.connections import Connection
from emotionsite.http.requests import MAX_HEADER, READ_BYTES

MAX_CONNECTIONS: Final = 1000
# A socket, and one file each for input and output.
FILES_A_CONNECTION: Final = 3
FILES_OF_OTHERS: Final = 100
# Bytes of a streamed response that are made ahead of its reader. With more, a reader that stops
# would cost more work for nothing.
WAITING_BYTES: Final = 2**20
# The system would keep up to 4 MB per connection, and waitress copies as much for each attempt to
# send. This size still allows 5 MB/s at a round trip of 100 ms.
SEND_BUFFER: Final = 2**18
SWEEP_SECONDS: Final = 1
SWEEP_BYTES: Final = 64 * 2**20
STOP_SECONDS: Final = 15


class Server(TcpWSGIServer):
    """Serves a WSGI application on a listening socket."""

    accepting: bool
    active_channels: dict[int, Connection]
    channel_class = Connection
    # Waitress cleans up its channels within a round of the loop; `_sweep` does so between two.
    next_channel_cleanup = float("inf")

    def __init__(
        self, application: Any, listener: socket.socket, *,
        threads: int, largest_body: int, stored_bytes: int, behind_proxy: bool,
        larger_bodies: Mapping[str, int] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        adjustments = Adjustments(
            sockets=[listener],
            threads=threads,
            ident="EmotionSite",
            server_name=listener.getsockname()[0],
            asyncore_use_poll=True,
            log_socket_errors=False,
            recv_bytes=READ_BYTES,
            outbuf_high_watermark=WAITING_BYTES,
            connection_limit=2**31,
            max_request_header_size=MAX_HEADER,
            max_request_body_size=max(largest_body, *larger_bodies.values(), 0) + READ_BYTES,
            # Django reads these headers by its own settings. Without a proxy they are dropped.
            clear_untrusted_proxy_headers=not behind_proxy,
        )
        # Read by our `Request`.
        adjustments.largest_body, adjustments.larger_bodies = largest_body, larger_bodies
        adjustments.socket_options = [
            *adjustments.socket_options,
            (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER),
        ]
        self.stopping = False
        self.stored_bytes = stored_bytes
        self.max_connections = allowed_connections()
        self.most_held_threads = max(threads // 4, 1)
        self._held: list[Connection] = []
        self._held_lock = threading.Lock()
        self._to_drop: deque[Connection] = deque()
        self._received = 0
        address = listener.getsockname()
        sockinfo = (listener.family, listener.type, listener.proto, address)
        super().__init__(
            application, _sock=listener, adj=adjustments, sockinfo=sockinfo, bind_socket=False
        )

    def run(self) -> None:
        """Serve until `stop`, then finish the requests that are under way."""
        swept, end = 0.0, float("inf")
        while not self.stopping or (self.active_channels and time.monotonic() < end):
            wasyncore.poll2(SWEEP_SECONDS, self._map)
            while self._to_drop:
                self._to_drop.popleft().handle_close()
            now = time.monotonic()
            if self.stopping and self.accepting:
                self.accepting, end = False, now + STOP_SECONDS
                wasyncore.dispatcher.close(self)
            if now - swept >= SWEEP_SECONDS or self._received > SWEEP_BYTES or self.stopping:
                swept, self._received = now, 0
                self._sweep(now)
        self.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map)

    def stop(self, *_: Any) -> None:
        """Accept no more connections; a signal handler."""
        if not self.stopping:
            self.stopping = True
            self.pull_trigger()

    def note_received(self, count: int) -> None:
        """Count received bytes, since many of them start the next sweep early."""
        self._received += count

    @contextmanager
    def held_thread(self, channel: Connection) -> Iterator[None]:
        """Mark a thread as waiting for a reader. Of too many, the slowest connection is dropped."""
        with self._held_lock:
            self._held.append(channel)
            if len(self._held) > self.most_held_threads:
                slowest = min(self._held, key=lambda held: held.waits_since)
                self._held.remove(slowest)
                self._to_drop.append(slowest)
                self.pull_trigger()
        try:
            yield
        finally:
            with self._held_lock:
                if channel in self._held:
                    self._held.remove(channel)

    def handle_accept(self) -> None:
        """Accept a connection. Above the limit, the one inactive for longest is closed."""
        super().handle_accept()
        channels = list(self.active_channels.values())
        if len(channels) > self.max_connections:
            # The new connection is closed only if all others are being answered.
            waiting = [each for each in channels[:-1] if not each.in_service] or channels[-1:]
            min(waiting, key=lambda each: each.waits_since).handle_close()

    def _sweep(self, now: float) -> None:
        """Enforce deadlines and the limit of stored bytes: the oldest uploads are refused."""
        channels = list(self.active_channels.values())
        for channel in channels:
            channel.hold_to_deadlines(now)
            if self.stopping and channel.is_idle:
                channel.handle_close()
        stored = [(each.stored_bytes(), each) for each in channels]
        total = sum(size for size, _ in stored)
        coming = [pair for pair in stored if pair[1].request is not None and not pair[1].requests]
        for size, channel in sorted(coming, key=lambda pair: pair[1].began):
            if total <= self.stored_bytes:
                return
            channel.refuse("busy")
            total -= size


def allowed_connections() -> int:
    """Raise the limit of open files. Returns how many connections it allows."""
    wanted = MAX_CONNECTIONS * FILES_A_CONNECTION + FILES_OF_OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(min(MAX_CONNECTIONS, (soft - FILES_OF_OTHERS) // FILES_A_CONNECTION), 10)
