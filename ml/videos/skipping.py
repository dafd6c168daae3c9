"""Tell which frames need not be decoded: those that are not sampled, and that no other refers to.

About half of the frames of a film may be referred to by none (B-frames). A decoder leaves them out
if it is told before their packet, which comes in the order of decoding, and not in that of time.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

CODECS: Final = frozenset({"h264", "hevc"})
"""Their frames say how they are to be put in order, whether some are left out or not."""
AHEAD: Final = 32
"""Packets that are looked at ahead. No decoder keeps more than 16 frames to put them in order
(ITU-T H.264, A.3.1; H.265, A.4.2)."""


def with_need(packets: Iterable[Any], slot_of: Callable[[int], int]) -> Iterator[tuple[Any, bool]]:
    """Yield each packet, with whether its frame is the first one of its slot, or may be.

    `slot_of` returns the slot of a timestamp. A packet without one is needed.
    """
    firsts: dict[int, int] = {}
    ahead: deque[Any] = deque()

    def is_needed(packet: Any) -> bool:
        return packet.pts is None or firsts.get(slot_of(packet.pts), packet.pts) == packet.pts

    for packet in packets:
        # What is to be discarded is decoded, but not shown.
        if packet.pts is not None and not packet.is_discard:
            slot = slot_of(packet.pts)
            firsts[slot] = min(packet.pts, firsts.get(slot, packet.pts))
        ahead.append(packet)
        if len(ahead) > AHEAD:
            first = ahead.popleft()
            yield first, is_needed(first)
    for packet in ahead:
        yield packet, is_needed(packet)
