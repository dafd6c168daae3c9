"""Compare processes with threads for analysis: `python -m ml.benchmarks.pools`.

Two workers decode and analyse the same photos, as two processes and as two threads of one process
that share the networks. Prints photos per second and the memory of all workers (PSS), in turns.
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
    arguments = parser.parse_args()
    content = photo()
    spawned = multiprocessing.get_context("spawn")
    for _ in range(ROUNDS):
        with ProcessPoolExecutor(WORKERS, mp_context=spawned) as pool:
            speed = measured(pool, content, arguments.photos)
            print(
                f"processes {speed:6.1f} photos/s {sum(pool.map(memory, range(WORKERS))):6.0f} MB"
            )
        with ProcessPoolExecutor(1, mp_context=spawned) as alone:
            speed, megabytes = alone.submit(in_threads, content, arguments.photos).result()
            print(f"threads   {speed:6.1f} photos/s {megabytes:6.0f} MB")


def in_threads(content: bytes, count: int) -> tuple[float, float]:
    """Measure threads in a process of their own. Returns photos per second and MB."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return measured(pool, content, count), memory(0)


if __name__ == "__main__":
    main()
