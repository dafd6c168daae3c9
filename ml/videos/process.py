"""Inspect and sample videos in a process of its own: docs/decisions/0033-videos.md.

Files are untrusted, and FFmpeg is a million lines of C. So the process that reads one has limits of
time and memory, no secrets in its environment, and may write no file. A video that makes it crash
or run into a limit is refused like any other bad video.
"""

import json
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

import numpy as np

import ml
from ml.videos import errors
from ml.videos.types import DEFAULT_LIMITS, Frame, Limits, VideoInfo

ROOT: Final = Path(ml.__file__).parent.parent
PROGRAM: Final = (sys.executable, "-B", "-m", "ml.videos.child")
ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
"""All that the process knows of its surroundings. Threads of BLAS would reserve memory."""
WAIT_FACTOR: Final = 4
"""How many times the processor time may pass until an inspection counts as stuck."""


def inspect(file: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> VideoInfo:
    """Check a video and return its facts. Raises VideoError.

    `file` is a real file (`fileno`); its position changes. All of it is read, but only its first
    frame is decoded.
    """
    request = {"call": "inspect", "limits": limits.as_dict()}
    with _started(file, request) as child:
        try:
            out, _ = child.communicate(timeout=limits.cpu_seconds * WAIT_FACTOR)
        except subprocess.TimeoutExpired as error:
            raise errors.too_costly() from error
    return VideoInfo(**_line(out.partition(b"\n")[0], child)["info"])


def sample(
    file: BinaryIO,
    spans: Sequence[tuple[float, float]],
    *,
    rate: float,
    side: int,
    limits: Limits = DEFAULT_LIMITS,
) -> Generator[Frame, None, None]:
    """Yield the sampled frames of each span, as `ml.videos.reading.sample` says.

    The process decodes while the caller works on the frame before. It ends with the iterator.
    """
    request = {
        "call": "sample", "limits": limits.as_dict(), "spans": spans, "rate": rate, "side": side,
    }  # fmt: skip
    with _started(file, request) as child:
        out = _output(child)
        while True:
            line = _line(out.readline(), child)
            if "end" in line:
                return
            shape = (line["height"], line["width"], 3)
            pixels = out.read(shape[0] * shape[1] * 3)
            if len(pixels) < shape[0] * shape[1] * 3:
                raise _died(child)
            yield Frame(line["time"], np.frombuffer(bytearray(pixels), np.uint8).reshape(shape))


@contextmanager
def _started(file: BinaryIO, request: dict[str, Any]) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the process, and kill it at the end of the block."""
    file.seek(0)
    with subprocess.Popen(  # noqa: S603  our own program with our own arguments
        [*PROGRAM, json.dumps(request)],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=ENVIRONMENT,
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def _line(text: bytes, child: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """Return one line of the answer. Raises VideoError where it tells of one, or there is none."""
    if not text.endswith(b"}") and not text.endswith(b"}\n"):
        raise _died(child)
    line: dict[str, Any] = json.loads(text)
    if "error" in line:
        raise errors.VideoError.from_dict(line["error"])
    return line


def _died(child: "subprocess.Popen[bytes]") -> Exception:
    """Return the error of a process that ended before its answer did.

    A signal ended it where it ran into a limit, or FFmpeg crashed. Else our program is at fault.
    """
    status = child.wait()
    if status < 0:
        return errors.too_costly()
    return RuntimeError(f"The process that reads videos ended with status {status}.")


def _output(child: "subprocess.Popen[bytes]") -> IO[bytes]:
    if child.stdout is None:
        raise ValueError("The process was started without a pipe.")
    return child.stdout
