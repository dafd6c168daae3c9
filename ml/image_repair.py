"""Loads truncated images that still hold nearly every pixel.

Interrupted copies, memory cards pulled out too early and programs that omit the end mark leave such
files; every viewer shows them. A file that misses more than `MAX_MISSING` counts as damaged.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import numpy as np
from PIL import Image

from ml.image_metadata import DECODER_ERRORS
from ml.image_structure import has_every_scan

MAX_MISSING: Final = 0.05
"""Largest share missing at the end: of the rows of a JPEG, GIF or PNG, else of the bytes."""

TAIL_BYTES: Final = 256
"""The last row that depends on these last bytes of a truncated file is its last complete row."""

FILLINGS: Final = (b"\0", b"\xff", b"\x55", b"\xaa")
JPEG_END: Final = b"\xff\xd9"
PNG_SIGNATURE_BYTES: Final = 8
PIECE: Final = 64 * 2**10
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Channels by PNG's colour type."""

Opener = Callable[[bytes], Image.Image]
"""Opens the bytes of a file of the same format without loading the pixels."""


def load_without_end(content: bytes, image: Image.Image, opened: Opener) -> Image.Image | None:
    """Load a truncated file. Returns None where too much is missing.

    `image` is the opened file. Missing pixels become grey or black. Raises one of `DECODER_ERRORS`
    where the file is damaged in another way.
    """
    if image.format in ("JPEG", "MPO"):
        return _jpeg(content, opened)
    if image.format == "GIF":
        return _gif(content, opened)
    if image.format == "PNG":
        whole = complete_png(content)
        return _loaded(opened(whole)) if whole else None
    if image.format == "TIFF" and image.info.get("compression") != "raw":
        return None  # libtiff would unpack zeros to arbitrary pixels.
    return _filled(content, opened)


def with_full_length(file: BinaryIO, start: bytes) -> BinaryIO:
    """Pad a truncated WebP with zeros where few bytes are missing. Returns other files unchanged.

    libwebp does not open a file that is shorter than its header says.
    """
    if not (start.startswith(b"RIFF") and start[8:12] == b"WEBP"):
        return file
    there = file.seek(0, io.SEEK_END)
    file.seek(0)
    announced = int.from_bytes(start[4:8], "little") + 8
    if not there < announced <= there / (1 - MAX_MISSING):
        return file
    return io.BytesIO(file.read() + bytes(announced - there))


def _loaded(image: Image.Image) -> Image.Image:
    image.load()
    return image


def _filled(content: bytes, opened: Opener) -> Image.Image | None:
    """Replace the missing end by a filling. Tries several, since a decoder may reject one."""
    missing = int(len(content) * MAX_MISSING)
    for filling in FILLINGS:
        try:
            return _loaded(opened(content + filling * missing))
        except DECODER_ERRORS:
            continue
    return None


def _jpeg(content: bytes, opened: Opener) -> Image.Image | None:
    """Append an end mark: libjpeg then fills missing pixels with grey."""
    if not has_every_scan(content):
        return None

    def load(data: bytes) -> Image.Image:
        return _loaded(opened(data + JPEG_END))

    return load(content) if _reaches_the_end(content, load) else None


def _gif(content: bytes, opened: Opener) -> Image.Image | None:
    """Keep the pixels that Pillow had unpacked at the end of the data."""

    def load(data: bytes) -> Image.Image:
        image = opened(data)
        try:
            image.load()
        except DECODER_ERRORS:
            image.tile = []  # type: ignore[attr-defined]  # nothing more to unpack
            image.load()
        return image

    return load(content) if _reaches_the_end(content, load) else None


def _reaches_the_end(content: bytes, load: Callable[[bytes], Image.Image]) -> bool:
    """Return whether the last bytes of the file belong to the last rows of the picture."""
    whole = np.asarray(load(content).convert("L"))
    shorter = np.asarray(load(content[:-TAIL_BYTES]).convert("L"))
    changed = np.flatnonzero((whole != shorter).any(axis=1))
    return bool(changed.size) and changed[-1] + 1 >= len(whole) * (1 - MAX_MISSING)


def complete_png(content: bytes) -> bytes | None:
    """Complete a PNG with black rows and an end. Returns None where damaged or cut too early.

    Verifies the checksum of every complete chunk, as `PngImageFile.verify` does.
    """
    chunks = list(_chunks(content))
    if not all(is_sound for _, _, is_sound in chunks):
        return None
    needed, is_interlaced = _unpacked_bytes(chunks[0][1])
    packed, there = _padded([body for name, body, _ in chunks if name == b"IDAT"], needed)
    # The last pass of an interlaced picture holds every second row, so none may be missing.
    if there < (needed if is_interlaced else needed * (1 - MAX_MISSING)):
        return None
    # It becomes a still picture, since frames of an animation may be truncated, too.
    dropped = (b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT")
    kept = [(name, body) for name, body, _ in chunks if name not in dropped]
    ended = [*kept, (b"IDAT", packed), (b"IEND", b"")]
    return content[:PNG_SIGNATURE_BYTES] + b"".join(_chunk(*chunk) for chunk in ended)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield name, body and whether the checksum is right of each chunk.

    Of truncated chunks only pixel data (IDAT) is yielded.
    """
    position = PNG_SIGNATURE_BYTES
    while position + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, position)
        end = position + 8 + size
        body, tail = content[position + 8 : end], content[end : end + 4]
        if len(tail) == 4:
            yield name, body, zlib.crc32(name + body).to_bytes(4, "big") == tail
        elif name == b"IDAT":
            yield name, body, True
        if name == b"IEND":
            return
        position = end + 4


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _unpacked_bytes(header: bytes) -> tuple[int, bool]:
    """Return the bytes of the filtered rows that IHDR announces, and whether it is interlaced."""
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    bits = depth * _CHANNELS[colour]

    def rows(columns: int, lines: int) -> int:
        return lines * (1 + (columns * bits + 7) // 8) if columns else 0

    if not interlace:
        return rows(width, height), False
    passes = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2),
              (0, 1, 1, 2))  # fmt: skip
    sizes = [
        rows(-(-(width - x) // dx), -(-(height - y) // dy))
        for x, dx, y, dy in passes
        if width > x and height > y
    ]
    return sum(sizes), True


def _padded(packed: list[bytes], needed: int) -> tuple[bytes, int]:
    """Recompress the rows, zeros for missing ones. Returns them and how many bytes there were."""
    reader, writer = zlib.decompressobj(), zlib.compressobj(1)
    pieces: list[bytes] = []
    there = 0
    for body in packed:
        for start in range(0, len(body), PIECE):
            rows = reader.decompress(body[start : start + PIECE])[: needed - there]
            there += len(rows)
            pieces.append(writer.compress(rows))
    if there >= needed * (1 - MAX_MISSING):
        pieces.append(writer.compress(bytes(needed - there)))
    return b"".join([*pieces, writer.flush()]), there
