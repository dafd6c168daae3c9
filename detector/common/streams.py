"""Streaming responses, limited in number: each may occupy a thread while its reader is slow."""

import threading
import weakref
from collections.abc import Generator, Iterator

from django.conf import settings
from django.http import StreamingHttpResponse

from detector.exceptions import DetectorError

BUSY = DetectorError("busy", "Others are exporting. Try again in a moment.", permanent=False)
_FREE_SLOTS = threading.BoundedSemaphore(settings.STREAMED_ANSWERS)


def streamed(
    pieces: Generator[bytes, None, None], content_type: str, headers: dict[str, str]
) -> StreamingHttpResponse:
    """Return a streaming response of `pieces`. Raises `BUSY` where too many are being sent."""
    if not _FREE_SLOTS.acquire(blocking=False):
        raise BUSY
    return StreamingHttpResponse(_SlotHolder(pieces), content_type=content_type, headers=headers)


class _SlotHolder:
    """Pieces that occupy a slot; it is released once, on close or garbage collection."""

    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self.pieces = pieces
        self._release = weakref.finalize(self, _FREE_SLOTS.release)

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces

    def close(self) -> None:
        """Release the slot. The server calls this at the end, or when the reader disconnects."""
        self.pieces.close()
        self._release()
