"""What an image file is made of, counted in its bytes without decoding a pixel."""

import re
from collections.abc import Iterator
from typing import Final

_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""Neither a stuffed byte nor a fill byte nor a restart within a scan."""
_SCAN: Final = 0xDA
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers: sequential, progressive and what nobody writes."""


def count_scans(content: bytes) -> int:
    """Start-of-scan markers of a JPEG up to its end, as a decoder meets them (ITU-T T.81, B.1).

    Segments are skipped by their length: what lies in a preview or behind the picture, as the
    film of a phone's moving photo, does not count.
    """
    return sum(code == _SCAN for code, _ in _segments(content))


def has_every_scan(content: bytes) -> bool:
    """Whether the scans of a JPEG that have begun bring every coefficient of every component.

    If not, it is cut so early that a colour or the detail is missing as a whole.
    """
    missing: set[tuple[int, int]] = set()
    for code, segment in _segments(content):
        if code in _FRAMES and len(segment) >= 6:
            components = segment[6 : 6 + 3 * segment[5] : 3]
            missing = {(component, k) for component in components for k in range(64)}
        if code == _SCAN and segment:
            behind = 1 + 2 * segment[0]
            script = segment[behind : behind + 3]
            if len(script) == 3 and script[2] & 15 == 0:
                numbers = range(script[0], min(script[1], 63) + 1)
                missing -= {(component, k) for component in segment[1:behind:2] for k in numbers}
    return not missing


def is_progressive(content: bytes) -> bool:
    """Whether a decoder has to keep all coefficients of a JPEG until its last scan."""
    segments = list(_segments(content))
    frames = [code for code, _ in segments if code in _FRAMES]
    return frames[:1] == [0xC2] or sum(code == _SCAN for code, _ in segments) > 1


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Code and content of each segment of a JPEG up to its end."""
    position = 2
    while marker := _MARKER.search(content, position):
        code, position = marker[0][1], marker.end()
        if code in (0xD8, 0xD9):
            return
        size = 0 if code == 0x01 else int.from_bytes(content[position : position + 2], "big")
        yield code, content[position + 2 : position + size]
        position += size


def count_gif_frames(content: bytes, most: int) -> int:
    """Image descriptors of a GIF (GIF89a, 20), up to its end or just beyond `most`."""
    position = 13 + _colours(content, 10)
    frames = 0
    while frames <= most:
        block = content[position : position + 1]
        if block == b"!":
            position = _skip_data(content, position + 2)
        elif block == b",":
            frames += 1
            position = _skip_data(content, position + 11 + _colours(content, position + 9))
        else:
            break
    return frames


def _colours(content: bytes, position: int) -> int:
    """Bytes of the colour table that the flags at this position announce."""
    flags = content[position] if position < len(content) else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_data(content: bytes, position: int) -> int:
    """The position behind a chain of data sub-blocks, which ends with an empty one."""
    while position < len(content) and content[position]:
        position += content[position] + 1
    return position + 1
