"""Injects faults into a running platform under load and counts what they cost.

`make chaos` is the whole run, `make chaos ARGS=--small` the one of continuous integration. Every
figure of its table but the first two must be zero, or the exit is not. A further fault is a small
function and a line in `FAULTS` of `chaos_faults`.
"""

import argparse
import contextlib
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from detector.tests.e2e import pictures
from detector.tests.e2e.chaos_audit import Audit, audit, make_tokens
from detector.tests.e2e.chaos_faults import CHANCE, FAULTS, LEASE, Fault
from detector.tests.e2e.platform import NO_LIMITS, SERVING, Platform, running, until
from detector.tests.services_needed import own_services

READY_SECONDS = 180
END_SECONDS = 300
"""Beyond this, what is not finished counts as stuck."""


@dataclass
class Load:
    """Uploads photos, one by one, as many as are allowed so far; each until it was accepted."""

    client: httpx.Client
    photos: Iterator[bytes]
    accepted: list[str] = field(default_factory=list)
    allowed: int = 0
    ended: bool = False

    def run(self) -> None:
        """Go on until told to end and all that is allowed was uploaded."""
        while not self.ended or len(self.accepted) < self.allowed:
            if len(self.accepted) < self.allowed:
                self.accepted.append(self._upload(next(self.photos)))
            else:
                time.sleep(0.02)

    def _upload(self, photo: bytes) -> str:
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                answer = self.client.post("analyses/", files={"images": ("me.jpg", photo)})
                if answer.status_code in (200, 202):
                    return str(answer.json()["accepted"][0]["id"])
            time.sleep(0.5)
        raise AssertionError("A photo was not accepted for minutes")


def photos() -> Iterator[bytes]:
    """Yield photos with one face, no two alike."""
    pixels = pictures.astronaut().copy()
    for number in range(100_000):
        pixels[0, :8] = np.frombuffer(number.to_bytes(24, "big"), np.uint8).reshape(8, 3)
        pixels[:8, :8] = (number * 37 % 256, number // 7 % 256, number % 256)
        yield pictures.jpeg(pixels)


@dataclass
class Row:
    """What a fault cost."""

    fault: str
    times: int = 0
    uploads: int = 0
    lost: int = 0
    failed: int = 0
    double: int = 0
    stuck: int = 0
    orphan_files: int = 0
    rows_without_files: int = 0
    miscounted: int = 0
    damaged: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether it cost nothing."""
        return not any(self.figures()[2:])

    def figures(self) -> list[int]:
        """Return all values but the name."""
        return [value for value in vars(self).values() if isinstance(value, int)]


def run_row(platform: Platform, fault: Fault, token: str, times: int, uploads: int) -> Row:
    """Inject a fault so many times during so many uploads, and count."""
    row = Row(fault.name)
    with platform.client(token) as client:
        load = Load(client, photos())
        uploading = threading.Thread(target=load.run)
        uploading.start()
        try:
            for number in range(times):
                until(platform.answers, READY_SECONDS, "Readiness")
                load.allowed = uploads * (number + 1) // times
                time.sleep(CHANCE.uniform(0.1, 0.6))
                fault.inject(platform)
                row.times += 1
                row.damaged += is_damaged(platform)
        finally:
            load.ended = True
            uploading.join()
        row.stuck = unfinished_in_the_end(client)
    fill(row, audit(platform, fault.user, load.accepted))
    row.damaged += is_damaged(platform)
    return row


def unfinished_in_the_end(client: httpx.Client) -> int:
    """Return how many analyses are still unfinished after a long wait."""

    def waiting() -> int:
        found = 0
        for status in ("queued", "running"):
            with contextlib.suppress(httpx.TransportError):
                found += len(client.get("analyses/", params={"status": status}).json()["results"])
        return found

    with contextlib.suppress(AssertionError):
        until(lambda: not waiting(), END_SECONDS, "The end")
    return waiting()


def fill(row: Row, found: Audit) -> None:
    """Write down what an audit found."""
    row.uploads, row.lost, row.failed = found.uploads, found.lost, found.failed
    row.double, row.miscounted = found.double, found.miscounted
    row.orphan_files, row.rows_without_files = found.orphan_files, found.rows_without_files


def is_damaged(platform: Platform) -> bool:
    """Return whether SQLite finds its file damaged, while everything runs."""
    file = platform.folder / "var" / "emotionsite.sqlite3"
    if "DATABASE_URL" in platform.environment:
        return False
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=30)) as connection:
            return bool(connection.execute("PRAGMA integrity_check").fetchone() != ("ok",))
    except sqlite3.DatabaseError:
        return True


def run(platform: Platform, faults: Sequence[Fault], *, small: bool, times: int = 0) -> list[Row]:
    """Inject these faults into a platform that runs; a row each."""
    rows = []
    tokens = make_tokens(platform, [fault.user for fault in faults])
    for fault in faults:
        often, uploads = fault.small if small else (fault.times, fault.uploads)
        if times:
            often, uploads = times, max(uploads, times)
        if often:
            began = time.monotonic()
            rows.append(run_row(platform, fault, tokens[fault.user], often, uploads))
            say(f"{fault.name}: {rows[-1].figures()} in {time.monotonic() - began:.0f} s")
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    names = [name.replace("_", " ") for name in vars(Row("")) if name != "fault"]
    lines = [f"| fault | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {row.fault} | {' | '.join(map(str, row.figures()))} |" for row in rows]
    return "\n".join(lines)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="the run of continuous integration")
    parser.add_argument("--services", action="store_true", help="on PostgreSQL and Redis")
    parser.add_argument("--only", help="faults whose name contains this")
    parser.add_argument("--times", type=int, default=0, help="instead of what a fault has")
    options = parser.parse_args()
    # Whoever ends it leaves no platform behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    faults = [fault for fault in FAULTS if not (fault.embedded_only and options.services)]
    faults = [fault for fault in faults if (options.only or "") in fault.name]
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        services = stack.enter_context(own_services(7)) if options.services else {}
        platform = stack.enter_context(running(make_platform(Path(folder), services)))
        try:
            rows = run(platform, faults, small=options.small, times=options.times)
        except BaseException:
            lines = platform.log.read_text().splitlines()
            say(
                "\n".join(
                    line for line in lines if "/readyz" not in line and "Not ready" not in line
                )
            )
            raise
    say(table(rows))
    return 0 if all(row.is_clean for row in rows) else 1


def make_platform(folder: Path, services: dict[str, str], **more: str) -> Platform:
    """Return a platform with two slots, whose leases end soon."""
    own = {"ANALYSIS_LEASE": str(LEASE), "WORKER_CONCURRENCY": "2"}
    return Platform(folder, SERVING, **NO_LIMITS, **own, **services, **more)


if __name__ == "__main__":
    sys.exit(main())
