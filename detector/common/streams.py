"""Answers that are sent while they are made. Each may hold a thread while its reader is slow."""

import threading
import weakref
from collections.abc import Generator, Iterator

from django.conf import settings
from django.http import StreamingHttpResponse

from detector.exceptions import DetectorError

BUSY = DetectorError("busy", "Others are exporting. Try again in a moment.", permanent=False)
_FREE = threading.BoundedSemaphore(settings.STREAMED_ANSWERS)


def streamed(
    pieces: Generator[bytes, None, None], content_type: str, headers: dict[str, str]
) -> StreamingHttpResponse:
    """Send `pieces`; raises `BUSY` where as many are sent as may be."""
    if not _FREE.acquire(blocking=False):
        raise BUSY
    return StreamingHttpResponse(_Held(pieces), content_type=content_type, headers=headers)


class _Held:
    """Gives its place free once: when it is closed, or when nobody has it any more."""

    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self.pieces = pieces
        self._free = weakref.finalize(self, _FREE.release)

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces

    def close(self) -> None:
        """As the server does at the end, or when the reader leaves."""
        self.pieces.close()
        self._free()
