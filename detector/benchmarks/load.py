"""Measure people at work on each installation: `make load`.

50 people for five minutes on the production shape (`make stack`), and ten on the embedded default
(`make run`). Each looks at pages and pictures, and uploads a photo now and then. Limits: no request
fails, no accepted photo is lost, and the memory of web and workers in the last quarter is at most
5 % above that of the second. The object store and Redis hold what was uploaded, so their memory is
not counted. `--only stack`, `--seconds 60` and `--people 20` make a shorter run.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any, Final

import httpx

from detector.benchmarks.whole_platform import pss
from detector.tests.e2e import pictures
from detector.tests.e2e.platform import NO_LIMITS, Platform, running, until
from detector.tests.e2e.stack import Stack
from detector.tests.services_needed import own_services

PEOPLE: Final = {"stack": 50, "run": 10}
SECONDS: Final = 300
SAMPLE_SECONDS: Final = 2.0
MAX_GROWTH: Final = 1.05
DRAIN_SECONDS: Final = 300
COUNTED: Final = ("web", "worker", "caretaker")
MAKE_PEOPLE: Final = """
import json
from django.contrib.auth import get_user_model
from django.test import Client
from detector import consent
from detector.accounts.tokens import DEFAULT_SCOPES, create_token
from detector.common import clock
made = []
for number in range({many}):
    user = get_user_model().objects.create(
        username=f"load{{number}}", email=f"load{{number}}@example.com",
        consent_version=consent.VERSION, consented_at=clock.now(),
    )
    client = Client()
    client.force_login(user)
    token = create_token(user, name="load", scopes=DEFAULT_SCOPES)[1]
    made.append({{"token": token, "session": client.cookies["sessionid"].value}})
print("PEOPLE" + json.dumps(made))
"""


@dataclass
class Memory:
    """Samples the memory of web and workers, in MB, until the end of a block."""

    platform: Platform
    samples: list[float] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Memory":
        self.thread = threading.Thread(target=self._sample)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def quarter(self, number: int) -> float:
        """Return the mean of a quarter of the samples; the first is 0."""
        length = max(len(self.samples) // 4, 1)
        return mean(self.samples[number * length :][:length])

    def _sample(self) -> None:
        while not self.ended.wait(SAMPLE_SECONDS):
            pids = [pid for part in COUNTED for pid in self.platform.children(part)]
            self.samples.append(sum(map(pss, pids)))


def main() -> int:
    """Measure the installations, print a table, and return 1 where a limit was passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(PEOPLE))
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--people", type=int, help="instead of 50 and 10")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rows = {}
    for name in [options.only] if options.only else PEOPLE:
        rows[name] = measured(name, options.people or PEOPLE[name], options.seconds)
    print(table(rows), flush=True)
    for row in rows.values():
        for error, times in row["errors"].items():
            print(f"{times} × {error}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    passed = [name for name, row in rows.items() if passes_a_limit(row)]
    for name in passed:
        print(f"{name} passed a limit.")
    return int(bool(passed))


def measured(name: str, many: int, seconds: int) -> dict[str, Any]:
    """Return the figures of one installation."""
    with installation(name) as platform, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        told = platform.manage("shell", "--no-imports", "-c", MAKE_PEOPLE.format(many=many))
        people = json.loads(told.rpartition("PEOPLE")[2])
        (folder / "people").write_text(json.dumps(people))
        (folder / "accepted").touch()
        (folder / "photo.jpg").write_bytes(pictures.jpeg(pictures.astronaut()))
        with Memory(platform) as memory:
            drive(platform, folder, many, seconds)
        accepted = [line.split() for line in (folder / "accepted").read_text().splitlines()]
        figures: dict[str, Any] = json.loads((folder / "figures").read_text())
        return {
            "people": many,
            "seconds": seconds,
            **figures,
            "uploads": len(accepted),
            "lost": lost(platform, people, accepted),
            "memory_mb": memory.quarter(1),
            "memory_growth": memory.quarter(3) / memory.quarter(1),
        }


@contextlib.contextmanager
def installation(name: str) -> Iterator[Platform]:
    """Start an installation in a temporary folder, and end it after the block."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if name == "run":
            platform = Platform(folder, (), **NO_LIMITS)
        else:
            services = stack.enter_context(own_services(6))
            platform = Stack(folder, **NO_LIMITS, **services)
        yield stack.enter_context(running(platform))


def drive(platform: Platform, folder: Path, many: int, seconds: int) -> None:
    """Let locust's people work on the platform. Their program is a process of its own."""
    files = {"LOAD_PEOPLE": "people", "LOAD_ACCEPTED": "accepted", "LOAD_FIGURES": "figures"}
    files["LOAD_PHOTO"] = "photo.jpg"
    command = [
        sys.executable, "-m", "locust", "--headless", "--only-summary", "--skip-log",
        "--locustfile", str(Path(__file__).with_name("load_users.py")), "--host", platform.url,
        "--users", str(many), "--spawn-rate", str(many / 5), "--run-time", f"{seconds}s",
        "--stop-timeout", "30",
    ]  # fmt: skip
    environment = {name: str(folder / file) for name, file in files.items()}
    subprocess.run(command, env={**os.environ, **environment}, check=False, stdout=sys.stderr)


def lost(platform: Platform, people: list[dict[str, str]], accepted: list[list[str]]) -> int:
    """Return how many accepted photos have no result once all had the time for it."""
    missing = 0
    clients = [platform.client(person["token"]) for person in people]

    def done(number: str, analysis: str) -> bool:
        with contextlib.suppress(httpx.TransportError):
            found = clients[int(number)].get(f"analyses/{analysis}/")
            return found.status_code == 200 and found.json()["status"] == "done"
        return False

    end = time.monotonic() + DRAIN_SECONDS
    for number, analysis in accepted:
        try:
            left = max(end - time.monotonic(), 0.1)
            until(lambda n=number, a=analysis: done(n, a), left, "A result")  # type: ignore[misc]
        except AssertionError:
            missing += 1
    for client in clients:
        client.close()
    return missing


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Return the figures as a Markdown table."""
    names = (
        "installation", "people", "s", "requests", "failed", "uploads", "lost",
        "page p50, p95 ms", "upload p50, p95 ms", "picture p95 ms", "MB", "last quarter",
    )  # fmt: skip
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for name, row in rows.items():
        kinds = row["kinds"]

        def times(kind: str, *which: str, kinds: dict[str, Any] = kinds) -> str:
            return ", ".join(f"{kinds.get(kind, {}).get(each, 0):,.0f}" for each in which)

        asked = sum(kind["asked"] for kind in kinds.values())
        cells = [
            f"`make {name}`", row["people"], row["seconds"], f"{asked:,}", failures(row),
            row["uploads"], row["lost"], times("page", "p50_ms", "p95_ms"),
            times("upload", "p50_ms", "p95_ms"), times("picture", "p95_ms"),
            f"{row['memory_mb']:.0f}", f"{row['memory_growth'] - 1:+.1%}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def failures(row: dict[str, Any]) -> int:
    """Return how many requests failed: an error of the server, of the client, or no answer."""
    return sum(kind["failed"] for kind in row["kinds"].values())


def passes_a_limit(row: dict[str, Any]) -> bool:
    """Return whether the row is not as it must be."""
    too_much = row["memory_growth"] > MAX_GROWTH
    return bool(failures(row) or row["lost"] or too_much or not row["uploads"])


if __name__ == "__main__":
    sys.exit(main())
