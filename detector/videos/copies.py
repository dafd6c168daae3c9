"""Copies of videos from an object store, on the disk of the worker.

A worker takes several segments of a video, one after the other, and would read the whole file for
each. So the last copy is kept for a moment. It has no name, so nothing is left of it when its
process dies, and it is dropped soon, so an erased video does not live on in it.
"""

import tempfile
import threading
from typing import BinaryIO, Final, cast

from django.core.files.storage import Storage

KEEP_SECONDS: Final = 20.0
PIECE: Final = 2**20


class _Kept:
    """The last copy, and the timer that drops it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.name = ""
        self.file: BinaryIO | None = None
        self.timer: threading.Timer | None = None

    def opened(self, stored_in: Storage, name: str) -> BinaryIO:
        """Open the copy of a file for reading, made anew where another one is kept."""
        with self.lock:
            if self.file is None or self.name != name:
                self._drop()
                self.file, self.name = _copied(stored_in, name), name
            self._restart_timer()
            # A second description of the same file has a position of its own.
            return open(f"/proc/self/fd/{self.file.fileno()}", "rb")  # noqa: PTH123

    def drop(self) -> None:
        """Drop the copy. Those that are open can be read on."""
        with self.lock:
            self._drop()

    def _drop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        if self.file is not None:
            self.file.close()
        self.file, self.name, self.timer = None, "", None

    def _restart_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer = threading.Timer(KEEP_SECONDS, self.drop)
        self.timer.daemon = True
        self.timer.start()


def _copied(stored_in: Storage, name: str) -> BinaryIO:
    """Copy a file from the storage. Raises OSError as the storage does."""
    copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
    try:
        with stored_in.open(name, "rb") as content:
            for chunk in content.chunks(PIECE):
                copy.write(chunk)
        copy.flush()
    except BaseException:
        copy.close()
        raise
    return copy


_kept = _Kept()
opened, drop = _kept.opened, _kept.drop
