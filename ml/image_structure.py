"""What an image file is made of, counted in its bytes without decoding a pixel."""

import re
from typing import Final

_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""Neither a stuffed byte nor a fill byte nor a restart within a scan."""


def count_scans(content: bytes) -> int:
    """Start-of-scan markers of a JPEG up to its end, as a decoder meets them (ITU-T T.81, B.1).

    Segments are skipped by their length: what lies in a preview or behind the picture, as the
    film of a phone's moving photo, does not count.
    """
    scans, position = 0, 2
    while marker := _MARKER.search(content, position):
        code, position = marker[0][1], marker.end()
        if code in (0xD8, 0xD9):
            break
        scans += code == 0xDA
        if code != 0x01:
            position += int.from_bytes(content[position : position + 2], "big")
    return scans


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
