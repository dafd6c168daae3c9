"""Measure how much faster two workers are than one: `python -m detector.benchmarks.two_workers`.

A platform with two workers gets bursts of photos; during every other burst, one of them is stopped.
So the two speeds are compared seconds apart, and whatever slows the machine meets both. One and two
bare processes that only decode and analyse take turns with the bursts. Where two are less than
twice as fast, the machine is the reason: its cores share caches and memory.

Speeds are those of the platform's own clock from the answer to the upload on: until then web has
work, too. Limit: 1.7.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Final

import httpx

from detector.benchmarks.whole_platform import (
    measure_each,
    photo_of,
    seconds_to_result,
    settle,
    started,
    wait,
)
from detector.tests.e2e.platform import ROOT, Platform

SIZE: Final = (1600, 1200)
BURST: Final = 100
ROUNDS: Final = 6
LAST: Final = 5
"""Photos at the end of a burst that do not count: a stopped worker may hold one's message."""
POLL_SECONDS: Final = 1.0
"""Ask seldom, about one photo: each answer of web takes processor time from the workers."""
OVER_ONE: Final = "speed of two workers over one"
LEAST: Final = 1.7
SPEEDS: Final = """
from datetime import datetime, timezone
from detector.models import Analysis
for moments in {bursts}:
    accepted, ended = (datetime.fromtimestamp(moment, timezone.utc) for moment in moments)
    rows = Analysis.objects.filter(started_at__gt=accepted, finished_at__lt=ended)
    if len(rows) < {fewest}:
        raise SystemExit("Too few photos were analysed after the upload to tell the speed.")
    begun, done = zip(*rows.values_list("started_at", "finished_at"))
    print(len(done) / (max(done) - min(begun)).total_seconds())
"""


def main() -> None:
    """Measure each kind of installation, print, and fail where the limit is passed."""
    figures = measure_each(__doc__, ROUNDS, measured, shown)
    if any(median(found[OVER_ONE]) < LEAST for found in figures.values()):
        raise SystemExit("A limit was passed.")


def shown(rounds: list[float]) -> str:
    """Return the median of all rounds, and each of them."""
    return f"{median(rounds):6.2f}  of {', '.join(f'{value:.2f}' for value in rounds)}"


def measured(environment: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    """Return, of each round, the speed of two workers over one, and of two bare processes."""
    bursts: list[tuple[float, float]] = []
    bare: list[float] = []
    with started({**environment, "WORKER_CONCURRENCY": "2"}) as (platform, client, _):
        photo = photo_of(0, SIZE)
        seconds_to_result(client, photo)
        for number in range(rounds):
            settle(platform)
            bare.append(_speed_of_processes(2) / _speed_of_processes(1))
            with stopped(platform.children("worker")[1]):
                bursts.append(burst(client, photo, 2 * number))
            settle(platform)
            bursts.append(burst(client, photo, 2 * number + 1))
        workers = _speeds(platform, bursts)
    ratios = [two / one for one, two in zip(workers[::2], workers[1::2], strict=True)]
    return {OVER_ONE: ratios, "speed of two processes over one": bare}


@contextmanager
def stopped(worker: int) -> Iterator[None]:
    """Stop a worker that waits for work, for a time that is too short for anyone to mind."""
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def burst(client: httpx.Client, photo: bytes, number: int) -> tuple[float, float]:
    """Upload many photos at once. Return when they were accepted, and when nearly all were done."""
    numbers = range(number * BURST, (number + 1) * BURST)
    files = [("images", (f"{n}.jpg", photo + n.to_bytes(4, "big"))) for n in numbers]
    answer = client.post("analyses/", files=files).raise_for_status()
    accepted = time.time()
    wait(client, answer.json()["accepted"][-LAST]["id"], time.perf_counter(), poll=POLL_SECONDS)
    return accepted, time.time()


def _speeds(platform: Platform, bursts: list[tuple[float, float]]) -> list[float]:
    """Return the photos a second of each burst."""
    program = SPEEDS.format(bursts=bursts, fewest=BURST // 3)
    return [*map(float, platform.manage("shell", "--no-imports", "--command", program).split())]


def _speed_of_processes(number: int) -> float:
    """Return the photos a second of processes that only decode and analyse."""
    command = [sys.executable, "-m", "ml.benchmarks.pools"]
    options = ["--processes", str(number), "--photos", str(BURST)]
    return float(subprocess.check_output([*command, *options], cwd=ROOT, text=True))


if __name__ == "__main__":
    main()
