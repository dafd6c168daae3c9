"""Measure the running platform: `python -m detector.benchmarks.whole_platform`.

Starts the platform on its embedded database and broker, and again on Redis and PostgreSQL where
`TEST_REDIS_URL` and `TEST_DATABASE_URL` name them. Reports the seconds from start to first result,
the milliseconds from upload to result of an idle platform, those of a worker's core for each photo,
Celery included, the share of a worker's time that is not analysis, and the memory of each process
(PSS) after photos of 640×480 pixels and after four of 12 megapixels, without this program's.

The figures after the first result are those of a platform that has started: the background worker
and the caretaker start seconds after the others, and take a core and a half for a second.
"""

import argparse
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.benchmarks.slow_clients import processor_seconds
from detector.tests.e2e import pictures
from detector.tests.e2e.platform import MARKERS, Platform, running

FigureT = TypeVar("FigureT")

ROUNDS: Final = 60
SMALL, LARGE = (640, 480), (4000, 3000)
OVERHEAD: Final = """
from detector.models import Analysis
from statistics import median
rows = Analysis.objects.filter(status="done", photo__width=640)
print(median(
    (row.finished_at - row.started_at).total_seconds() * 1000 / sum(row.timings_ms.values()) - 1
    for row in rows
))
"""
POLL_SECONDS: Final = 0.005
IDLE_SHARE: Final = 0.05
IDLE_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 60


def main() -> None:
    """Measure each kind of installation, print a table and write the figures."""
    measure_each(__doc__, ROUNDS, measured, "{:10.2f}".format)


def measure_each(
    description: str | None,
    rounds: int,
    measure: Callable[[Mapping[str, str], int], dict[str, FigureT]],
    shown: Callable[[FigureT], str],
) -> dict[str, dict[str, FigureT]]:
    """Parse the command line, measure each kind of installation, print and write the figures."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = {}
    for name, environment in installations().items():
        figures[name] = measure(environment, options.rounds)
        for figure, value in figures[name].items():
            print(f"{name:24}{figure:32}{shown(value)}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return figures


def installations() -> dict[str, dict[str, str]]:
    """Return the settings of each kind of installation that can be measured here."""
    found: dict[str, dict[str, str]] = {"embedded": {}}
    services = {name: os.environ.get(f"TEST_{name}") for name in ("REDIS_URL", "DATABASE_URL")}
    given = {name: url for name, url in services.items() if url}
    if len(given) == len(services):
        found["redis and postgresql"] = given
    return found


def measured(environment: Mapping[str, str], rounds: int) -> dict[str, float]:
    """Return the figures of one installation."""
    with started(environment) as (platform, client, ready):
        first = seconds_to_result(client, photo_of(0, SMALL))
        settle(platform)
        before = workers_seconds(platform)
        times = [
            1000 * seconds_to_result(client, photo_of(number, SMALL))
            for number in range(1, rounds + 1)
        ]
        spent = workers_seconds(platform) - before
        figures = {
            "seconds to first result": ready + first,
            "ms from upload to result, p50": median(times),
            "ms of workers' cores a photo": 1000 * spent / rounds,
            "overhead beside analysis": float(
                platform.manage("shell", "--no-imports", "-c", OVERHEAD)
            ),
            **memory(platform, "after 640×480"),
        }
        for number in range(4):
            seconds_to_result(client, photo_of(number, LARGE))
        figures |= memory(platform, "after 12 megapixels")
    return figures


@contextmanager
def started(environment: Mapping[str, str]) -> Iterator[tuple[Platform, httpx.Client, float]]:
    """Start a platform. Yields it, a new user's client, and the seconds until it was ready."""
    with tempfile.TemporaryDirectory() as folder:
        limits = {"SWEEP_INTERVAL": "60", "ANALYSIS_LEASE": "60", "API_THROTTLE_USER": "100000/min"}
        platform = Platform(Path(folder), (), **{**limits, **environment})
        platform.make_database()
        began = time.perf_counter()
        with running(platform):
            ready = time.perf_counter() - began
            with platform.client(platform.token(f"bench{time.time_ns()}")) as client:
                yield platform, client, ready


def workers_seconds(platform: Platform) -> float:
    """Return the processor time that the workers took so far."""
    return sum(map(processor_seconds, platform.children("worker")))


def settle(platform: Platform) -> None:
    """Wait until every part has started and all together take next to no processor time."""
    began = time.perf_counter()
    while time.perf_counter() - began < PATIENCE_SECONDS:
        before = processor_seconds(platform.family()[0])
        time.sleep(IDLE_SECONDS)
        taken = processor_seconds(platform.family()[0]) - before
        if all(map(platform.children, MARKERS)) and taken < IDLE_SHARE * IDLE_SECONDS:
            return
    raise TimeoutError(f"The platform was still busy after {PATIENCE_SECONDS} s.")


def photo_of(number: int, size: tuple[int, int]) -> bytes:
    """Return a JPEG with one face; each number gives another file."""
    picture = Image.fromarray(pictures.astronaut()).resize(size)
    pixels: NDArray[np.uint8] = np.array(picture)
    pixels[0, 0] = number
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92)
    return buffer.getvalue() + number.to_bytes(4, "big")


def seconds_to_result(client: httpx.Client, photo: bytes) -> float:
    """Upload a photo and wait for its result."""
    began = time.perf_counter()
    answer = client.post("analyses/", files={"images": ("photo.jpg", photo)}).raise_for_status()
    return wait(client, answer.json()["accepted"][0]["id"], began)


def wait(client: httpx.Client, analysis_id: str, began: float, poll: float = POLL_SECONDS) -> float:
    """Wait for a result, and ask for it every `poll` seconds. Return the seconds since `began`."""
    while time.perf_counter() - began < PATIENCE_SECONDS:
        if client.get(f"analyses/{analysis_id}/").json()["status"] == "done":
            return time.perf_counter() - began
        time.sleep(poll)
    raise TimeoutError(f"{analysis_id} was not done after {PATIENCE_SECONDS} s")


def memory(platform: Platform, moment: str) -> dict[str, float]:
    """Return the proportional set size of each part in MB: its largest process, and all."""
    figures = {
        f"{part} MB, {moment}": max(map(pss, platform.children(part)), default=0.0)
        for part in MARKERS
    }
    return figures | {f"all MB, {moment}": sum(map(pss, platform.family()))}


def pss(pid: int) -> float:
    """Return the proportional set size of a process in MB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
