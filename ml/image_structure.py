"""Counts the parts of an image file in its bytes, without decoding a pixel."""

import re
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, Final, NamedTuple

from PIL import Image, TiffImagePlugin

from ml.image_metadata import DECODER_ERRORS

_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""A marker that is not a stuffed byte, a fill byte or a restart within a scan."""
_SCAN: Final = 0xDA
_START: Final = 0xD8
_END: Final = 0xD9
_AMONG_SCANS: Final = frozenset((_SCAN, _END, 0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)))
"""Markers that may follow a scan: another one, the end, tables, comments, an application's data."""
_HUFFMAN: Final = frozenset((0xC0, 0xC1, 0xC2))
"""Frames whose data has Huffman codes: libjpeg's decoder of the others must have all data at hand,
so that a large file fails which would not fail cut short."""
MAX_SEGMENTS: Final = 1000
"""Segments that `with_short_scans` looks at. An intact file of the largest size has about 800."""
SCAN_BYTES: Final = 4096
"""Bytes that `with_short_scans` keeps of each scan."""
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers: sequential, progressive and unused kinds."""
_SEQUENTIAL: Final = frozenset((0xC0, 0xC1))
"""Those of pictures that have each component in one scan."""


_TILE_SIDES: Final = (322, 323)
"""Tags of a TIFF: TileWidth and TileLength (TIFF 6.0, section 15)."""
_SUBFILE_KIND, _SUB_DIRECTORIES, _DNG_VERSION = 254, 330, 50706
"""Tags of a TIFF: the lowest bit of the first says that the picture is a smaller copy of another
one (TIFF 6.0, section 8), which the second leads to (TIFF Technical Note 1)."""
_SLONG8: Final = 17
"""A type of tags that libtiff reads and Pillow does not know: signed integers of eight bytes."""


def _signed_numbers(self: Any, data: bytes, _legacy_api: bool = True) -> Any:
    return self._unpack(f"{len(data) // 8}q", data)


TiffImagePlugin.ImageFileDirectory_v2._load_dispatch[_SLONG8] = (8, _signed_numbers)


def is_raw_photo(file: BinaryIO, start: bytes) -> bool:
    """Return whether a file is a camera's raw one in the form of a TIFF: DNG, NEF, CR2, ARW, PEF.

    `start` is its beginning. The first picture in it is only a thumbnail of what the camera saw.
    """
    if not start.startswith((b"II*\0", b"MM\0*")):
        return False
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(start[:8])
        file.seek(tags.next)
        tags.load(file)
        is_thumbnail = bool(tags.get(_SUBFILE_KIND, 0) & 1) and _SUB_DIRECTORIES in tags
    except DECODER_ERRORS:
        return False
    return is_thumbnail or _DNG_VERSION in tags or start[8:10] == b"CR"


def is_other_tiff(file: BinaryIO) -> bool:
    """Return whether a file is a TIFF whose pixels or compression no decoder here knows."""
    file.seek(0)
    try:
        TiffImagePlugin.TiffImageFile(file)
    except SyntaxError as error:
        # Pillow raises the first for unknown compressions, and says the second of pixels.
        return isinstance(error.__cause__, KeyError) or "unknown pixel mode" in str(error)
    except DECODER_ERRORS:
        return False
    return False


def unpacked_pixels(image: Image.Image) -> int:
    """Count the pixels that are unpacked at once at most, by the header of an opened image.

    libtiff unpacks a tile of a TIFF whole, and it may be larger than the picture that it is cut to.
    """
    tags: Any = getattr(image, "tag_v2", {})
    across, down = (tags.get(tag, 0) for tag in _TILE_SIDES)
    if not isinstance(across, int) or not isinstance(down, int):
        # Sides in other types, of which libtiff may make numbers.
        return sys.maxsize
    return max(image.width * image.height, across * down)


def count_scans(content: bytes) -> int:
    """Count the start-of-scan markers of a JPEG up to its end (ITU-T T.81, B.1).

    Segments are skipped by their length. So markers within a preview do not count, nor those behind
    the picture, for example in the film of a phone's motion photo. Where the first scan holds the
    whole picture, as usual, decoders end with it, and nothing behind it is searched.
    """
    scans, components = 0, 0
    for code, body, _, _ in _segments(content):
        if code in _SEQUENTIAL and len(body) >= 6:
            components = body[5]
        if code == _SCAN:
            scans += 1
            if scans == 1 and body[:1] == bytes([components]):
                return scans
    return scans


def with_short_scans(content: bytes) -> bytes | None:
    """Return a JPEG with only the beginning of each scan's data.

    libjpeg fills what is missing of a scan when it meets the next marker. So it finds wrong headers
    and tables in the result as in the whole file, in a small part of the time. Returns None where
    only the whole file tells: where it has no end, an unusual marker, or too many segments.
    """
    short = bytearray()
    done = 0
    data: int | None = None
    for segment in islice(_segments(content), MAX_SEGMENTS):
        if segment.code in _FRAMES - _HUFFMAN:
            return None
        if data is not None:
            if segment.code not in _AMONG_SCANS:
                return None
            short += content[done : min(data + SCAN_BYTES, segment.start)]
            done = segment.start
        if segment.code == _END:
            return bytes(short + content[done : segment.end])
        if segment.code == _SCAN or data is not None:
            data = segment.end
    return None


def has_every_scan(content: bytes) -> bool:
    """Return whether the scans of a JPEG cover every coefficient of every component.

    If not, the file is cut so early that a whole colour or all detail is missing.
    """
    missing: set[tuple[int, int]] = set()
    for code, body, _, _ in _segments(content):
        if code in _FRAMES and len(body) >= 6:
            components = body[6 : 6 + 3 * body[5] : 3]
            missing = {(component, k) for component in components for k in range(64)}
        if code == _SCAN and body:
            behind = 1 + 2 * body[0]
            script = body[behind : behind + 3]
            if len(script) == 3 and script[2] & 15 == 0:
                numbers = range(script[0], min(script[1], 63) + 1)
                missing -= {(component, k) for component in body[1:behind:2] for k in numbers}
    return not missing


def is_progressive(content: bytes) -> bool:
    """Return whether a decoder must keep all coefficients of a JPEG until its last scan."""
    codes = [segment.code for segment in _segments(content)]
    frames = [code for code in codes if code in _FRAMES]
    return frames[:1] == [0xC2] or codes.count(_SCAN) > 1


class _Segment(NamedTuple):
    """Holds a marker's code, the body of its segment, and the positions of both ends."""

    code: int
    body: bytes
    start: int
    end: int


def _segments(content: bytes) -> Iterator[_Segment]:
    """Yield the segments of a JPEG, the end mark included. Stops where another picture starts."""
    position = 2
    while marker := _MARKER.search(content, position):
        code, position = marker[0][1], marker.end()
        if code == _START:
            return
        is_bare = code in (0x01, _END)
        size = 0 if is_bare else int.from_bytes(content[position : position + 2], "big")
        body = content[position + 2 : position + size]
        yield _Segment(code, body, marker.start(), position + size)
        if code == _END:
            return
        position += size


def count_gif_frames(content: bytes, most: int) -> int:
    """Count the image descriptors of a GIF (GIF89a, 20). Stops just above `most`."""
    position = 13 + _colour_table_bytes(content, 10)
    frames = 0
    while frames <= most:
        block = content[position : position + 1]
        if block == b"!":
            position = _skip_data(content, position + 2)
        elif block == b",":
            frames += 1
            position = _skip_data(
                content, position + 11 + _colour_table_bytes(content, position + 9)
            )
        else:
            break
    return frames


def _colour_table_bytes(content: bytes, position: int) -> int:
    """Return the bytes of the colour table that the flags at this position announce."""
    flags = content[position] if position < len(content) else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_data(content: bytes, position: int) -> int:
    """Return the position after a chain of data sub-blocks, which ends with an empty one."""
    while position < len(content) and content[position]:
        position += content[position] + 1
    return position + 1
