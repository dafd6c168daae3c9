"""Runs the web server: `python -m emotionsite.web`."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from typing import Final

from emotionsite.processes import garbage

ADDRESS: Final = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000")))
BACKLOG: Final = 1024
POLL_SECONDS: Final = 0.2
_SHARED_PORT: Final = "--shared-port"


def main(arguments: list[str]) -> int:
    """Serve in `WEB_CONCURRENCY` processes until a signal comes. Returns the exit status."""
    processes = int(os.environ.get("WEB_CONCURRENCY", "1"))
    if processes > 1 and _SHARED_PORT not in arguments:
        command = [sys.executable, "-m", "emotionsite.web", _SHARED_PORT]
        with tempfile.TemporaryDirectory(prefix="emotionsite-metrics-") as folder:
            # Here they share their counts of requests, of which `/metrics` shows the sum.
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
            return run_together([command] * processes)
    serve(shared_port=_SHARED_PORT in arguments)
    return 0


def run_together(commands: list[list[str]]) -> int:
    """Run all commands until a signal comes (returns 0) or one exits by itself (returns 1)."""
    children = [subprocess.Popen(command) for command in commands]  # noqa: S603
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(POLL_SECONDS) and all(child.poll() is None for child in children):
        pass
    for child in children:
        child.terminate()
    for child in children:
        child.wait()
    return 0 if stopped.is_set() else 1


def serve(*, shared_port: bool) -> None:
    """Serve in this process. With `shared_port` other processes may serve on the same port."""
    sys.setswitchinterval(0.0005)
    garbage.pause()
    # Imported here, since these load settings and templates; the supervisor needs only `ADDRESS`.
    from django.conf import settings
    from django.urls import reverse

    from emotionsite.http.server import Server
    from emotionsite.wsgi import application

    reverse("healthz")  # Loads every page, which else the first request would wait for.
    with listen(*ADDRESS, shared_port=shared_port) as listener:
        server = Server(
            application,
            listener,
            threads=settings.WEB_THREADS + settings.DETECT_CALLS,
            largest_body=settings.REQUEST_MAX_BYTES,
            larger_bodies=settings.LARGER_BODIES,
            stored_bytes=settings.REQUESTS_STORED_BYTES,
            behind_proxy=settings.TRUSTED_PROXIES > 0,
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, server.stop)
        garbage.resume()
        sys.stdout.write(f"EmotionSite runs at {shown(*ADDRESS)}\n")
        sys.stdout.flush()
        server.run()


def listen(host: str, port: int, *, shared_port: bool = False) -> socket.socket:
    """Open a listening socket. Processes with `shared_port` share the connections of a port."""
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    return socket.create_server(
        (bare, port), family=family, backlog=BACKLOG, reuse_port=shared_port
    )


def shown(host: str, port: int) -> str:
    """Return the URL to open in a browser."""
    bare = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host.strip("[]"), host.strip("[]"))  # noqa: S104
    return f"http://[{bare}]:{port}" if ":" in bare else f"http://{bare}:{port}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
