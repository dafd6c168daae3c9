"""Sample the frames of a video, span after span. Only `child` calls this, as with `reading`."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, Final

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from ml.videos import errors, reading
from ml.videos.types import Frame, Limits, working_size

GO_ON_SECONDS: Final = 1.0
"""To decode what is between two spans costs less than to seek, up to so many seconds."""


class Sampler:
    """Samples one video.

    Time is cut into slots of 1/rate seconds. Of each slot, the first frame that begins in it is
    sampled; a slot in which none begins has none. So a frame is sampled or not whatever the spans
    are, as long as they begin and end where slots do. Frames are shrunk to at most `side` pixels.
    Frames that are damaged are left out; a slot whose first frame is damaged may have none.
    """

    def __init__(self, file: BinaryIO, *, rate: float, side: int, limits: Limits) -> None:
        """Raises VideoError where the file is no video."""
        self._file, self._rate, self._side, self._limits = file, rate, side, limits
        self._head = reading.checked_head(file, limits)
        self._opened = ExitStack()
        self._coming: Iterator[tuple[float, VideoFrame]] = iter(())
        self._put_back: tuple[float, VideoFrame] | None = None
        self._at: float | None = None
        self._aspect = 1.0
        # One for all frames: to prepare it takes as long as to convert one.
        self._reformatter = VideoReformatter()

    def frames(self, start: float, end: float) -> Iterator[Frame]:
        """Yield the sampled frames of a span [start, end), in seconds. Raises VideoError.

        Where the span begins at the end of the last one, or soon after it, decoding goes on from
        there. Else it begins at the last key frame before the span.
        """
        at, self._at = self._at, None
        if at is None or not 0 <= start - at <= GO_ON_SECONDS:
            self._open_at(start)
        first_slot, last_slot, taken = self._slot(start), self._slot(end), -1
        while (coming := self._next()) is not None:
            moment, frame = coming
            slot = self._slot(moment)
            if slot >= last_slot:
                self._put_back = coming
                break
            if slot >= first_slot and slot > taken:
                taken = slot
                yield Frame(round(max(moment, 0.0), 3), self._pixels(frame))
        self._at = end

    def close(self) -> None:
        """Close the container, but not the file."""
        self._opened.close()

    def _open_at(self, start: float) -> None:
        self._opened.close()
        self._put_back = None
        self._file.seek(0)
        container = self._opened.enter_context(reading.opened(self._file, self._head))
        stream = reading.stream_of(container, self._limits)
        self._aspect = reading.aspect_of(stream)
        self._coming = reading.frames_from(container, stream, start, self._slot)

    def _next(self) -> tuple[float, VideoFrame] | None:
        coming, self._put_back = self._put_back, None
        return coming or next(self._coming, None)

    def _slot(self, seconds: float) -> int:
        # Times are fractions of the container's unit: one that means 0.2 must not be 0.19999.
        return int(np.floor(seconds * self._rate + 1e-4))

    def _pixels(self, frame: VideoFrame) -> NDArray[np.uint8]:
        if frame.width * frame.height > self._limits.max_pixels:
            raise errors.too_large(frame.width, frame.height, self._limits.max_pixels)
        width, height = working_size(*reading.shown_size(frame, self._aspect), self._side)
        if frame.rotation % 180 == 90:
            width, height = height, width
        small = self._reformatter.reformat(
            frame, width, height, "rgb24", interpolation="AREA", threads=1
        )
        return np.ascontiguousarray(np.rot90(small.to_ndarray(), round(frame.rotation / 90)))
