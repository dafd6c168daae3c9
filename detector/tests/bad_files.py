"""Files and archives that must be rejected."""

import functools
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image

MEGABYTE = 2**20


def jpeg(colour: str = "red", size: tuple[int, int] = (64, 48)) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(buffer, "JPEG", comment=colour.encode())
    return buffer.getvalue()


def truncated_jpeg() -> bytes:
    whole = jpeg(size=(640, 480))
    return whole[: len(whole) // 2]


def huge_png(side: int = 30_000) -> bytes:
    """Return an image whose header announces 900 megapixels, without any pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)


def long_gif(frames: int = 5000) -> bytes:
    """Return an animation of single pixels."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"!\xf9\4\0\2\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0"
    return screen + frame * frames + b";"


def archive(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


@functools.cache
def bomb() -> bytes:
    """Return a zip bomb: 20 files of 20 MB of zeros in 400 KB."""
    zeros = bytes(20 * MEGABYTE)
    return archive({f"{number}.bmp": zeros for number in range(20)})


def overlapping_bomb() -> bytes:
    """Return a zip bomb whose entries all unpack the same data (Fifield 2019)."""
    content = archive({"a.bmp": bytes(MEGABYTE)})
    end = content.rindex(b"PK\5\6")
    start = content.index(b"PK\1\2")
    entry = content[start:end]
    directory = entry * 150
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 150, 150, len(directory), start, 0)
    return content[:start] + directory + tail


def many_entries() -> bytes:
    """Return an archive with 20,000 entries whose end record announces one."""
    content = archive({"a.jpg": b""})
    start, end = content.index(b"PK\1\2"), content.rindex(b"PK\5\6")
    directory = content[start:end] * 20_000
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), start, 0)
    return content[:start] + directory + tail


def locked() -> bytes:
    """Return an archive whose only file is marked as encrypted."""
    content = bytearray(archive({"secret.jpg": jpeg()}))
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    return bytes(content)


def damaged_archive() -> bytes:
    content = archive({"a.jpg": jpeg()})
    return content[: len(content) // 2]


def wrong_sum() -> bytes:
    """Return an archive whose only photo is damaged."""
    content = bytearray(archive({"a.jpg": jpeg()}, zipfile.ZIP_STORED))
    content[200] ^= 0xFF
    return bytes(content)


CASES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    # case: (file name, content, error code)
    "a renamed text file": ("notes.jpg", lambda: b"these are notes", "unsupported_format"),
    "a truncated JPEG": ("cut.jpg", truncated_jpeg, "corrupt_image"),
    "30,000 x 30,000 pixels": ("huge.png", huge_png, "image_too_large"),
    "200 MB": ("long.jpg", lambda: jpeg() + bytes(200 * MEGABYTE), "file_too_large"),
    "5,000 frames": ("film.gif", long_gif, "too_many_frames"),
    "an empty file": ("empty.jpg", lambda: b"", "empty_file"),
    "a name of 300 emoji": ("😀" * 300 + ".jpg", jpeg, "name_too_long"),
    "a ZIP bomb": ("bomb.zip", bomb, "archive_too_large"),
    "a ZIP bomb that overlaps": ("bomb.zip", overlapping_bomb, "archive_too_large"),
    "a ZIP of 20,000 files": ("many.zip", many_entries, "too_many_files"),
    "a ZIP with ../": ("up.zip", lambda: archive({"../../a.jpg": jpeg()}), "unsafe_archive"),
    "a ZIP with ..\\": ("up.zip", lambda: archive({"..\\a.jpg": jpeg()}), "unsafe_archive"),
    "a ZIP from the root": ("up.zip", lambda: archive({"/etc/a.jpg": jpeg()}), "unsafe_archive"),
    "a ZIP in a ZIP": (
        "nested.zip", lambda: archive({"inner.zip": archive({"a.jpg": jpeg()})}), "nested_archive",
    ),
    "a ZIP without a photo": (
        "texts.zip", lambda: archive({"a.txt": b"text", "b.jpg": b"text"}), "no_photo_in_archive",
    ),
    "an empty ZIP": ("empty.zip", lambda: archive({}), "no_photo_in_archive"),
    "a locked ZIP": ("locked.zip", locked, "locked_file"),
    "half a ZIP": ("half.zip", damaged_archive, "corrupt_archive"),
    "a ZIP with a wrong sum": ("sum.zip", wrong_sum, "corrupt_archive"),
    "a ZIP of an unknown kind": (
        "lzma.zip", lambda: archive({"a.jpg": jpeg()}, zipfile.ZIP_LZMA), "unsupported_compression",
    ),
    "a huge PNG in a ZIP": ("a.zip", lambda: archive({"a.png": huge_png()}), "image_too_large"),
    "an empty file in a ZIP": ("a.zip", lambda: archive({"a.jpg": b""}), "empty_file"),
}  # fmt: skip
