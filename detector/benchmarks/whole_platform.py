"""Measure the running platform: `python -m detector.benchmarks.whole_platform`.

Starts the platform on its embedded database and broker, and again on Redis and PostgreSQL where
`TEST_REDIS_URL` and `TEST_DATABASE_URL` name them. Reports the seconds from start to first result,
the milliseconds from upload to result of an idle platform, those of a worker's core for each photo,
Celery included, the share of a worker's time that is not analysis, the memory of each process (PSS)
after photos of 640×480 pixels and after four of 12 megapixels, and how much faster two workers are
than one, beside two processes that only decode and analyse. All memory is that of the platform,
without this program's.

The figures after the first result are those of a platform that has started: the background worker
and the caretaker start seconds after the others, and take a core and a half for a second.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.benchmarks.slow_clients import processor_seconds
from detector.tests.e2e import pictures
from detector.tests.e2e.platform import MARKERS, ROOT, Platform, running

ROUNDS: Final = 20
SMALL, MEDIUM, LARGE = (640, 480), (1600, 1200), (4000, 3000)
BURST: Final = 100
OVERHEAD: Final = """
from detector.models import Analysis
from statistics import median
rows = Analysis.objects.filter(status="done", photo__width=640)
print(median(
    (row.finished_at - row.started_at).total_seconds() * 1000 / sum(row.timings_ms.values()) - 1
    for row in rows
))
"""
PAIRS: Final = 3
SECONDS_OF_BURST: Final = f"""
from datetime import datetime, timezone
from detector.models import Analysis
accepted = datetime.fromtimestamp({{accepted}}, timezone.utc)
rows = list(Analysis.objects.filter(status="done", started_at__gt=accepted))
if len(rows) < {BURST // 3}:
    raise SystemExit("Too few photos were analysed after the upload to tell the speed.")
took = max(row.finished_at for row in rows) - min(row.started_at for row in rows)
print(took.total_seconds() / len(rows))
"""
"""By the platform's own clock, from the answer to the upload on: until then web has work, too."""
POLL_SECONDS: Final = 0.005
IDLE_SHARE: Final = 0.05
IDLE_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 60


def main() -> None:
    """Measure each kind of installation, print a table and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = {}
    for name, environment in _installations().items():
        figures[name] = measured(environment, options.rounds)
        for figure, value in figures[name].items():
            print(f"{name:24}{figure:32}{value:10.2f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _installations() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"embedded": {}}
    services = {name: os.environ.get(f"TEST_{name}") for name in ("REDIS_URL", "DATABASE_URL")}
    given = {name: url for name, url in services.items() if url}
    if len(given) == len(services):
        found["redis and postgresql"] = given
    return found


def measured(environment: Mapping[str, str], rounds: int) -> dict[str, float]:
    """Return the figures of one installation."""
    with started(environment) as (platform, client, ready):
        first = seconds_to_result(client, _photo(0, SMALL))
        settle(platform)
        before = workers_seconds(platform)
        times = [
            1000 * seconds_to_result(client, _photo(number, SMALL))
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
            seconds_to_result(client, _photo(number, LARGE))
        figures |= memory(platform, "after 12 megapixels")
    return figures | speeds_of_two(environment)


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


def speeds_of_two(environment: Mapping[str, str]) -> dict[str, float]:
    """Return how much faster two workers are than one, and two bare processes than one.

    Medians of bursts in turns. What bare processes lack, the machine lacks: its cores share caches,
    memory, and maybe the host with others.
    """
    names = ("workers", "processes")
    speeds: dict[str, list[list[float]]] = {name: [[], []] for name in names}
    for _ in range(PAIRS):
        for index in range(2):
            chosen = {**environment, "WORKER_CONCURRENCY": str(index + 1)}
            speeds["workers"][index].append(1 / seconds_of_burst(chosen))
            speeds["processes"][index].append(_speed_of_processes(index + 1))
    medians = {name: [median(one) for one in speeds[name]] for name in names}
    return {f"speed of two {name} over one": two / one for name, (one, two) in medians.items()}


def _speed_of_processes(number: int) -> float:
    """Return the photos a second of processes that only decode and analyse."""
    command = [sys.executable, "-m", "ml.benchmarks.pools"]
    options = ["--processes", str(number), "--photos", str(BURST)]
    return float(subprocess.check_output([*command, *options], cwd=ROOT, text=True))


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


def seconds_of_burst(environment: Mapping[str, str]) -> float:
    """Return how many seconds each of many photos takes, uploaded at once."""
    photos = [_photo(number, MEDIUM) for number in range(BURST)]
    with started(environment) as (platform, client, _):
        seconds_to_result(client, _photo(BURST, MEDIUM))
        settle(platform)
        files = [("images", (f"{number}.jpg", photo)) for number, photo in enumerate(photos)]
        answer = client.post("analyses/", files=files).raise_for_status()
        program = SECONDS_OF_BURST.format(accepted=time.time())
        for analysis in answer.json()["accepted"]:
            wait(client, analysis["id"], time.perf_counter(), poll=1.0)
        return float(platform.manage("shell", "--no-imports", "--command", program))


def _photo(number: int, size: tuple[int, int]) -> bytes:
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
