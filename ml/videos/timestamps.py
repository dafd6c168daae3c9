"""Timestamps of a video's packets: when it begins, how long it lasts, and what its header claims.

Only `reading` calls this.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final, NamedTuple

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from ml.videos import errors
from ml.videos.types import Limits

TOLERATED_LOSS: Final = 0.1
"""Share of the claimed duration that may be missing at the end."""
SLACK_SECONDS: Final = 1.0
ABSURD_SECONDS: Final = 24 * 3600
"""A header that claims more is wrong, and not that of a truncated video."""


class Extent(NamedTuple):
    """Holds what the timestamps of a video tell, in seconds.

    frames: how many. late: when the first one begins. shown: how long they last. rest: how much
    longer the last one would last, if what it says were true.
    """

    frames: int
    late: float
    shown: float
    rest: float


def extent(container: InputContainer, stream: VideoStream) -> Extent:
    """Return the extent of a video. No frame is decoded.

    Players count from the first sound, where that comes before the pictures.
    """
    count, first, last, step = 0, None, None, 0
    for packet in packets(container, stream):
        is_known = packet.pts is not None and not are_missing(container)
        at = packet.pts if is_known else packet.dts
        # Frames that an edit list cuts away are only there since others refer to them.
        if not packet.size or at is None or packet.is_discard:
            continue
        count += 1
        first = at if first is None else min(first, at)
        if last is None or at >= last:
            last, step = at, packet.duration or 0
    if first is None or last is None:
        raise errors.no_frames()
    unit = float(stream.time_base or Fraction(1))
    shown = (last - first) * unit
    # All frames of an odd file may have one and the same time.
    usual = shown / (count - 1) if shown else 1 / float(stream.average_rate or 25)
    # The last frame of a damaged file may claim to last for hours.
    lasting = min(step * unit, 10 * usual) if step else usual
    late = max(first * unit - origin(container, stream), 0.0)
    return Extent(count, late, shown + lasting, max(step * unit - lasting, 0.0))


def check_duration(found: Extent, start: float, claimed: float, limits: Limits) -> None:
    """Raise VideoError where a video is too long, or much shorter than it claims to be.

    start: its first timestamp, in seconds. That of a part of a broadcast is far from 0, and some
    headers count what they claim from 0. Of a screen on which nothing happens any more, the last
    picture may last for minutes.
    """
    duration = found.late + found.shown
    if duration > limits.max_seconds:
        raise errors.too_long(duration, limits.max_seconds)
    end = max(start, 0.0) + duration + found.rest
    if end >= claimed * (1 - TOLERATED_LOSS) or end >= claimed - SLACK_SECONDS:
        return
    if claimed > ABSURD_SECONDS:
        raise errors.false_duration(duration, claimed)
    raise errors.truncated(duration, claimed)


def claimed(container: InputContainer, stream: VideoStream) -> float:
    """Return the duration by the header, in seconds; 0 where it says none."""
    whole = (container.duration or 0) / av.time_base
    if whole > ABSURD_SECONDS:
        return whole
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    # Sound may go on after the pictures.
    return 0.0 if container.streams.audio else whole


def packets(container: InputContainer, stream: VideoStream) -> Iterator[Any]:
    """Yield the packets of a stream up to its end, or up to where the file is damaged."""
    try:
        yield from container.demux(stream)
    except (av.FFmpegError, EOFError):
        return


def are_missing(container: InputContainer) -> bool:
    """Return whether the container has places of packets only, in the order of decoding: AVI.

    FFmpeg makes times of them. They are wrong where frames are shown in another order.
    """
    return container.format.name == "avi"


def origin(container: InputContainer, stream: VideoStream) -> float:
    """Return the timestamp that players show as 0."""
    start: int | None = container.start_time
    if start is not None:
        return start / av.time_base
    return float((stream.start_time or 0) * (stream.time_base or 0))
