"""Reads one video in a process of its own: `python -m ml.videos.child`, the video as its input.

The request is JSON in the last argument. The answer on the output is lines of JSON. To `inspect` it
is one with `info`. To `sample` the process reads orders from the pipe whose number it is told: each
is a line with the start and end of a span. It answers each with a line for each frame, which its
pixels follow as plain bytes, and then `{"end": true, "cpu_seconds": …}`. It ends with the pipe, or
when no order came for a while. An error is a line `{"error": …}`.

The process limits its own memory and time before it reads a byte, and can write no file.
"""

import json
import resource
import select
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO, Final

IDLE_SECONDS: Final = 5.0
"""Seconds without an order after which the process ends."""


def limit(cpu_seconds: int, memory_bytes: int) -> None:
    """Limit processor time and memory of this process, and forbid it to write files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def answer(request: dict[str, Any], file: BinaryIO, out: BinaryIO) -> None:
    """Do what is requested and write the answer."""
    from ml.videos import errors, reading
    from ml.videos.types import Limits

    limits = Limits(**request["limits"])
    try:
        if request["call"] == "inspect":
            _write(out, {"info": asdict(reading.inspect(file, limits))})
        else:
            _sample(request, file, limits, out)
    except errors.VideoError as error:
        _write(out, {"error": error.as_dict()})
    except MemoryError:
        _write(out, {"error": errors.too_costly().as_dict()})


def _sample(request: dict[str, Any], file: BinaryIO, limits: Any, out: BinaryIO) -> None:
    from ml.videos.sampling import Sampler

    sampler = Sampler(file, rate=request["rate"], side=request["side"], limits=limits)
    for start, end in _orders(request["orders"]):
        for frame in sampler.frames(start, end):
            height, width, _ = frame.rgb.shape
            _write(out, {"time": frame.time, "width": width, "height": height})
            out.write(frame.rgb.data)
        _write(out, {"end": True, "cpu_seconds": time.process_time()})
        out.flush()


def _orders(pipe: int) -> Iterator[tuple[float, float]]:
    with open(pipe, "rb", buffering=0) as orders:
        while select.select([orders], [], [], IDLE_SECONDS)[0] and (line := orders.readline()):
            start, end = json.loads(line)
            yield start, end


def _write(out: BinaryIO, line: dict[str, Any]) -> None:
    out.write(json.dumps(line).encode() + b"\n")


def main() -> None:
    """Limit this process, then answer the request of the command line."""
    request = json.loads(sys.argv[1])
    limits = request["limits"]
    limit(limits["cpu_seconds"], limits["memory_bytes"])
    with open(0, "rb", closefd=False) as file:
        answer(request, file, sys.stdout.buffer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
