"""Compare processes with threads for analysis: `python -m ml.benchmarks.pools`.

Workers decode and analyse the same photos: one process, two processes, and two threads of one
process that share the networks. Prints photos per second and the memory of all workers (PSS), in
turns.
"""

import argparse
import io
import multiprocessing
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import skimage.data
from PIL import Image

from ml import images, inference

WORKERS: Final = 2
PHOTOS: Final = 60
ROUNDS: Final = 3
PICTURES: Any = skimage.data


def photo() -> bytes:
    """Return a JPEG of 1600×1200 pixels with one face."""
    buffer = io.BytesIO()
    Image.fromarray(PICTURES.astronaut()).resize((1600, 1200)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def analyse(content: bytes) -> int:
    """Return the number of faces of a photo."""
    return len(inference.load().analyse(images.decode(io.BytesIO(content)).rgb))


def memory(_: int) -> float:
    """Return the memory of this process (PSS) in MB. Sleeps, so that others answer, too."""
    time.sleep(0.3)
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def measured(pool: Executor, content: bytes, count: int) -> float:
    """Return photos per second."""
    list(pool.map(analyse, [content] * 4 * WORKERS))
    began = time.perf_counter()
    list(pool.map(analyse, [content] * count))
    return count / (time.perf_counter() - began)


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Compare processes with threads.")
    parser.add_argument("--photos", type=int, default=PHOTOS)
    parser.add_argument("--processes", type=int, help="print the photos/s of so many, once")
    arguments = parser.parse_args()
    content = photo()
    if arguments.processes:
        print(in_processes(arguments.processes, content, arguments.photos)[0])
        return
    for _ in range(ROUNDS):
        for count in (1, WORKERS):
            speed, megabytes = in_processes(count, content, arguments.photos)
            print(f"processes: {count}  {speed:6.1f} photos/s {megabytes:6.0f} MB")
        with _processes(1) as alone:
            speed, megabytes = alone.submit(in_threads, content, arguments.photos).result()
            print(f"threads:   {WORKERS}  {speed:6.1f} photos/s {megabytes:6.0f} MB")


def in_processes(count: int, content: bytes, photos: int) -> tuple[float, float]:
    """Measure processes that have nothing else to do. Returns photos per second and MB."""
    with _processes(count) as pool:
        return measured(pool, content, photos), sum(pool.map(memory, range(count)))


def _processes(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


def in_threads(content: bytes, count: int) -> tuple[float, float]:
    """Measure threads in a process of their own. Returns photos per second and MB."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return measured(pool, content, count), memory(0)


if __name__ == "__main__":
    main()
