"""Choose which segment of a video a worker takes, so that each decodes a stretch of its own.

A worker that takes one segment after the other decodes each frame once. Where workers alternate,
each decodes what lies between its segments as well, from the last key frame on.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from detector.enums import Status


class Place(NamedTuple):
    """A segment of a video, by its index."""

    video_id: UUID
    segment: int


def choose(states: Sequence[str], after: int | None = None) -> int | None:
    """Return the index of a segment to take of a video with these states; None where none waits.

    It is the one that follows on `after`, which this worker took last, if that waits. Else it is in
    the longest stretch of those that wait: the first one, or the middle one where another worker is
    at the segment before and will go on.
    """
    if after is not None and after + 1 < len(states) and states[after + 1] == Status.QUEUED:
        return after + 1
    longest = max(_stretches(states), key=len, default=None)
    if longest is None:
        return None
    first = longest.start
    is_led = first > 0 and states[first - 1] == Status.RUNNING
    return first + len(longest) // 2 if is_led else first


def _stretches(states: Sequence[str]) -> Iterator[range]:
    """Yield the ranges of consecutive segments that wait."""
    for waits, places in groupby(range(len(states)), lambda at: states[at] == Status.QUEUED):
        if waits:
            found = list(places)
            yield range(found[0], found[-1] + 1)
