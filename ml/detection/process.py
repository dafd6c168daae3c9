"""Keep a process that analyses photos: docs/decisions/0038-detect-without-storing.md.

The photo travels through a pipe, so it is in memory only. The process starts with the first photo
and ends some time after the last one, which gives its memory back.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import ml

ROOT: Final = Path(ml.__file__).parent.parent
PROGRAM: Final = (sys.executable, "-B", "-m", "ml.detection.child")
ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
    "LC_ALL": "C.UTF-8",
}  # fmt: skip
"""All that the process knows of its surroundings."""


class BusyError(Exception):
    """Other photos take so long that this one was not begun."""


class DiedError(Exception):
    """The process died of this photo: it ran into a limit of time or memory, or crashed."""


class Process:
    """A process that analyses one photo at a time. Threads may share it."""

    def __init__(self, *, memory_bytes: int, idle_seconds: float) -> None:
        self._memory_bytes, self._idle_seconds = memory_bytes, idle_seconds
        self._turn = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._idle: threading.Timer | None = None

    def ask(
        self, photo: bytes, request: Mapping[str, Any], *, patience: float, seconds: float
    ) -> dict[str, Any]:
        """Return the answer of `ml.detection.child` about a photo.

        Waits `patience` seconds for its turn, then `seconds` for the answer. Raises BusyError or
        DiedError.
        """
        if not self._turn.acquire(timeout=patience):
            raise BusyError
        try:
            self._cancel_end()
            return self._ask(photo, request, seconds)
        finally:
            self._end_later()
            self._turn.release()

    def close(self) -> None:
        """End the process. The next photo starts another."""
        with self._turn:
            self._cancel_end()
            self._end()

    @property
    def pid(self) -> int | None:
        """Id of the present process; None where there is none."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def _ask(self, photo: bytes, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        child = self._started()
        # A pipe has no deadline: whoever waits too long finds its other end dead.
        deadline = threading.Timer(seconds, child.kill)
        deadline.daemon = True
        deadline.start()
        try:
            into, out = _pipes(child)
            into.write(json.dumps({**request, "bytes": len(photo)}).encode() + b"\n")
            into.write(photo)
            into.flush()
            line = out.readline()
        except BrokenPipeError:
            line = b""
        except BaseException:
            # Its answer is still to come, and would be taken for that to the next photo.
            self._end()
            raise
        finally:
            deadline.cancel()
        if not line.endswith(b"\n"):
            self._end()
            raise DiedError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._child is None or self._child.poll() is not None:
            self._end()
            self._child = subprocess.Popen(  # noqa: S603  our own program
                [*PROGRAM, str(self._memory_bytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env=ENVIRONMENT,
            )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            # A photo of which the process took a part only may still be in the buffer.
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()

    def _cancel_end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()

    def _end_later(self) -> None:
        self._idle = threading.Timer(self._idle_seconds, self._end_if_idle)
        self._idle.daemon = True
        self._idle.start()

    def _end_if_idle(self) -> None:
        timer = threading.current_thread()
        with self._turn:
            # A photo that came meanwhile has set a timer of its own.
            if self._idle is timer:
                self._end()


def _pipes(child: "subprocess.Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    if child.stdin is None or child.stdout is None:
        raise ValueError("The process was started without pipes.")
    return child.stdin, child.stdout
