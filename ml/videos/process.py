"""Inspect and sample videos in a process of its own: docs/decisions/0033-videos.md.

Files are untrusted, and FFmpeg is a million lines of C. So the process that reads one has limits of
time and memory, no secrets in its environment, and may write no file. A video that makes it crash
or run into a limit is refused like any other bad video.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

import numpy as np

import ml
from ml.videos import errors
from ml.videos.types import DEFAULT_LIMITS, Frame, Limits, VideoInfo

ROOT: Final = Path(ml.__file__).parent.parent
PROGRAM: Final = (sys.executable, "-B", "-m", "ml.videos.child")
ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    # Threads of BLAS would reserve memory.
    "OPENBLAS_NUM_THREADS": "1",
    # The memory of a frame serves the next one. To give it back and get it anew costs as much time
    # as to decode a frame: mallopt(3).
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
}
"""All that the process knows of its surroundings."""
WAIT_FACTOR: Final = 4
"""How many times the processor time may pass until an inspection counts as stuck."""


def inspect(file: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> VideoInfo:
    """Check a video and return its facts. Raises VideoError.

    `file` is a real file (`fileno`); its position changes. All of it is read, but only its first
    frame is decoded.
    """
    request = {"call": "inspect", "limits": limits.as_dict()}
    child = _start(file, request)
    try:
        out, _ = child.communicate(timeout=limits.cpu_seconds * WAIT_FACTOR)
        return VideoInfo(**_line(out.partition(b"\n")[0], child)["info"])
    except subprocess.TimeoutExpired as error:
        raise errors.too_costly() from error
    finally:
        _end(child)


def sample(
    file: BinaryIO,
    spans: Iterable[tuple[float, float]],
    *,
    rate: float,
    side: int,
    limits: Limits = DEFAULT_LIMITS,
) -> Generator[Frame, None, None]:
    """Yield the sampled frames of each span by a decoder of their own, which ends with them."""
    with closing(Decoder(file, rate=rate, side=side, limits=limits)) as decoder:
        for start, end in spans:
            yield from decoder.frames(start, end)


class DecoderEndedError(Exception):
    """The process of a decoder has ended, since no order came for a while."""


class Decoder:
    """A process that samples one video, span after span, as `ml.videos.sampling.Sampler` does.

    It decodes the next frame while the caller works on the last one.
    """

    def __init__(self, file: BinaryIO, *, rate: float, side: int, limits: Limits) -> None:
        """Start the process. It reads `file`, a real one, on, also when that is closed here."""
        theirs, ours = os.pipe()
        request = {
            "call": "sample", "limits": limits.as_dict(), "rate": rate, "side": side,
            "orders": theirs,
        }  # fmt: skip
        try:
            self._child = _start(file, request, theirs)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        self._orders = open(ours, "wb", buffering=0)  # noqa: SIM115, PTH123
        self._limits, self._cpu_seconds, self._is_busy = limits, 0.0, False

    @property
    def can_go_on(self) -> bool:
        """Whether another span may be asked for: at least half of the processor time is left."""
        is_fresh = self._cpu_seconds < self._limits.cpu_seconds / 2
        return is_fresh and not self._is_busy and self._child.poll() is None

    def frames(self, start: float, end: float) -> Generator[Frame, None, None]:
        """Yield the sampled frames of a span [start, end), in seconds.

        All must be read before another span is asked for. Raises VideoError, or DecoderEndedError
        before the first frame.
        """
        self._is_busy = True
        self._order(start, end)
        out = _output(self._child)
        while True:
            line = _line(out.readline(), self._child)
            if "end" in line:
                break
            pixels = np.empty((line["height"], line["width"], 3), np.uint8)
            # A buffered reader reads on until the array is full.
            if out.readinto(pixels.data.cast("B")) < pixels.nbytes:  # type: ignore[attr-defined]
                raise _died(self._child)
            yield Frame(line["time"], pixels)
        self._cpu_seconds, self._is_busy = line["cpu_seconds"], False

    def close(self) -> None:
        """End the process."""
        self._orders.close()
        _end(self._child)

    def _order(self, start: float, end: float) -> None:
        try:
            self._orders.write(json.dumps([start, end]).encode() + b"\n")
        except BrokenPipeError:
            raise _died(self._child) from None


def _start(file: BinaryIO, request: dict[str, Any], *pipes: int) -> "subprocess.Popen[bytes]":
    file.seek(0)
    return subprocess.Popen(  # noqa: S603  our own program with our own arguments
        [*PROGRAM, json.dumps(request)],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=ENVIRONMENT,
        pass_fds=pipes,
    )


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.kill()
    child.wait()
    _output(child).close()


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

    A signal ended it where it ran into a limit, or FFmpeg crashed. It ends itself where no order
    comes. Else our program is at fault.
    """
    status = child.wait()
    if status == 0:
        return DecoderEndedError()
    if status < 0:
        return errors.too_costly()
    return RuntimeError(f"The process that reads videos ended with status {status}.")


def _output(child: "subprocess.Popen[bytes]") -> IO[bytes]:
    if child.stdout is None:
        raise ValueError("The process was started without a pipe.")
    return child.stdout
