"""Measure how slow clients affect another client: `python -m detector.benchmarks.slow_clients`.

A web process serves demo data from a temporary folder. One client requests the health page and the
front page in turn: alone, then beside 100 slow connections. These send a header without end, or a
body byte by byte, or stop reading an export or a file. Limits: no request fails, and the 95th
percentile beside them is at most twice that alone. `--server stack` measures nginx before gunicorn
as `make stack` has them; the slow clients have another address then, as nginx limits connections by
address. `--server gunicorn` and `--server granian` compare other servers; install granian first.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import httpx

from detector.benchmarks.empty_site import empty_site
from emotionsite.tests import running_nginx
from emotionsite.tests.running_nginx import free_port

BIN: Final = Path(sys.executable).parent
BEHIND_NGINX: Final = ["--config", "python:emotionsite.gunicorn_settings", "emotionsite.wsgi"]
SERVERS: Final = {
    "ours": [sys.executable, "-m", "emotionsite.web"],
    "stack": [str(BIN / "gunicorn"), *BEHIND_NGINX],
    "gunicorn": [
        str(BIN / "gunicorn"), "--bind", "127.0.0.1:{port}", "--worker-class", "gthread",
        "--threads", "8", "--timeout", "60", "emotionsite.wsgi",
    ],
    "granian": [
        str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}",
        "--blocking-threads", "8", "emotionsite.wsgi:application",
    ],
}  # fmt: skip
MORE: Final = {"stack": {"TRUSTED_PROXIES": "1"}}
"""Variables that one server needs."""
SLOW_ADDRESS: Final = "127.0.0.2"
FACES: Final = 10_000
CONNECTIONS: Final = 100
SECONDS: Final = 3.0
ROUNDS: Final = 3
QUIET_SECONDS: Final = 0.5
MAX_QUIET_WAITS: Final = 60
PATIENCE: Final = 5.0
MAX_RATIO: Final = 2.0
KINDS: Final = ("header", "body", "reader")


def main() -> None:
    """Fill the database, measure each server, print, and fail where ours exceeds a limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", action="append", choices=list(SERVERS))
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each measurement")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rates = {f"API_THROTTLE_{who}": "1000000/min" for who in ("ANON", "USER", "TOKEN")}
    with empty_site(LOG_LEVEL="WARNING", **rates):
        token = fill()
        print(
            f"{'server':<10}{'beside':<22}{'alone':>16}{'beside them':>16}{'ratio':>7}{'failed':>8}"
        )
        result = {
            name: measure(name, token, options.connections, options.seconds)
            for name in options.server or ["ours"]
        }
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    ours = [row for name in ("ours", "stack") for row in result.get(name, {}).values()]
    if any(row["failed"] or row["ratio"] > MAX_RATIO for row in ours):
        raise SystemExit("A limit was passed.")


def fill() -> str:
    """Create a history of many faces. Return a token of its owner."""
    from django.contrib.auth import get_user_model

    from detector.accounts import tokens
    from detector.benchmarks.export import fill as fill_history

    owner = get_user_model().objects.create(username="benchmark")
    fill_history(owner, FACES)
    return tokens.create_token(owner, name="benchmark")[1]


def measure(name: str, token: str, connections: int, seconds: float) -> dict[str, Any]:
    """Measure alone and beside each kind in turn, so that other load affects both."""
    rows = {}
    for kind in KINDS:
        alone: list[float] = []
        beside: list[float] = []
        failed = 0
        with served(name) as (port, process):
            asked(port, token, 1)
            for _ in range(ROUNDS):
                alone += asked(port, token, seconds)[0]
                with slow_clients(kind, port, token, connections):
                    wait_for_quiet(process)
                    times, failures = asked(port, token, seconds)
                beside, failed = beside + times, failed + failures
        (p50, p95), (beside_p50, beside_p95) = map(middle_and_tail, (alone, beside))
        rows[kind] = {
            "alone_p50_ms": p50, "alone_p95_ms": p95, "p50_ms": beside_p50, "p95_ms": beside_p95,
            "ratio": beside_p95 / p95, "asked": len(beside), "failed": failed,
        }  # fmt: skip
        print(
            f"{name:<10}{f'{connections} × {kind}':<22}{p50:>6.1f}{p95:>7.1f} ms"
            f"{beside_p50:>6.1f}{beside_p95:>7.1f} ms{beside_p95 / p95:>7.2f}"
            f"{failed:>4} of {len(beside)}",
            flush=True,
        )
    return rows


def wait_for_quiet(process: int) -> None:
    """Wait until the server is idle, so that opening 100 connections is not measured."""
    quiet = 0
    for _ in range(MAX_QUIET_WAITS):
        before = processor_seconds(process)
        time.sleep(QUIET_SECONDS)
        # The clock has ticks of 0.01 s; three quiet periods, since a busy host may starve it.
        quiet = quiet + 1 if processor_seconds(process) - before < 0.015 else 0
        if quiet == 3:
            return


def processor_seconds(process: int) -> float:
    """Return the processor time of a process and its children, in seconds."""
    folder = Path(f"/proc/{process}")
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    children = (folder / "task" / str(process) / "children").read_text().split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(processor_seconds(int(child)) for child in children)


@contextmanager
def served(name: str) -> Iterator[tuple[int, int]]:
    """Start a server and wait until it responds. Yield its port and process id."""
    port = free_port()
    command = [part.format(port=port) for part in SERVERS[name]]
    process = subprocess.Popen(
        command, env={**os.environ, "PORT": str(port), **MORE.get(name, {})},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(300):
            if process.poll() is not None:
                raise SystemExit(f"{name} does not start: {' '.join(command)}")
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        if name == "stack":
            folder = Path(os.environ["VAR_DIR"]) / "nginx"
            folder.mkdir(exist_ok=True)
            with running_nginx.running(folder, web=f"127.0.0.1:{port}") as before:
                yield before, process.pid
        else:
            yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def asked(port: int, token: str, seconds: float) -> tuple[list[float], int]:
    """Send requests one after the other. Return their milliseconds and how many failed."""
    times, failed, end = [], 0, time.monotonic() + seconds
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE,
    ) as client:
        while time.monotonic() < end:
            for path in ("/healthz", "/"):
                began = time.perf_counter()
                try:
                    failed += client.get(path).status_code != 200
                except httpx.TransportError:
                    failed += 1
                times.append(1000 * (time.perf_counter() - began))
    return times, failed


def middle_and_tail(times: list[float]) -> tuple[float, float]:
    """Return the 50th and the 95th percentile."""
    cuts = quantiles(times, n=100, method="inclusive")
    return cuts[49], cuts[94]


@contextmanager
def slow_clients(kind: str, port: int, token: str, count: int) -> Iterator[None]:
    """Keep `count` slow connections open during the block; closed ones are reopened."""
    opened, stopped = threading.Event(), threading.Event()
    paths = ("/api/v1/export/?type=json", "/static/vendor/chart.umd.min.js", "/static/js/base.js")
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    first = {
        "header": [f"GET / HTTP/1.1\r\n{head}X-Slow: "],
        "body": [f"POST /api/v1/analyses/ HTTP/1.1\r\n{head}Content-Length: 1000000\r\n\r\n"],
        "reader": [f"GET {path} HTTP/1.1\r\n{head}\r\n" for path in paths],
    }[kind]

    def hold() -> None:
        sockets = [connected(port, first[n % len(first)]) for n in range(count)]
        opened.set()
        while not stopped.wait(1):
            for n, each in enumerate(sockets):
                try:
                    each.send(b"a" if kind != "reader" else b"")
                except OSError:
                    each.close()
                    sockets[n] = connected(port, first[n % len(first)])
        for each in sockets:
            each.close()

    thread = threading.Thread(target=hold)
    thread.start()
    opened.wait()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def connected(port: int, first: str) -> socket.socket:
    """Open a connection with a small receive buffer and send `first`."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.bind((SLOW_ADDRESS, 0))
    client.connect(("127.0.0.1", port))
    client.sendall(first.encode())
    client.setblocking(False)
    return client


if __name__ == "__main__":
    main()
