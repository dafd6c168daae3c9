"""Names in ZIP archives, as people read them, and what computers put beside photos."""

import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

UTF8_FLAG: Final = 0x800
UNICODE_PATH: Final = 0x7075
"""The extra field with the name in UTF-8 (APPNOTE 4.6.9)."""
FROM_DOS: Final = 0
"""`create_system` of Windows' own tools, which write names in the page of the old console."""

CODE_PAGES: Final = ("cp1252", "cp437", "cp850")

JUNK_NAMES: Final = frozenset(
    {
        ".apdisk", ".ds_store", ".localized", ".nomedia", ".picasa.ini", "picasa.ini",
        "desktop.ini", "ehthumbs.db", "ehthumbs_vista.db", "icon\r", "thumbs.db",
        "zbthumbnail.info",
    }
)  # fmt: skip
JUNK_FOLDERS: Final = frozenset(
    {
        "__macosx", "@eadir", "@recycle", "@recently-snapshot", "#recycle", "#snapshot",
        "$recycle.bin", "lost.dir", "system volume information",
    }
)  # fmt: skip
JUNK_ENDINGS: Final = ("@synoeastream", "@synoresource")

SIDECARS: Final = frozenset(
    {
        ".aae", ".cos", ".csv", ".db", ".dop", ".htm", ".html", ".ini", ".json", ".lnk", ".log",
        ".md", ".md5", ".nfo", ".on1", ".pp3", ".rtf", ".sfv", ".sidecar", ".text", ".tsv", ".txt",
        ".url", ".vcf", ".xml", ".xmp", ".yaml", ".yml",
    }
)  # fmt: skip
"""Endings of what programs and services of photos write beside them, and of notes."""

FILMS: Final = frozenset(
    {
        ".3g2", ".3gp", ".avi", ".flv", ".insv", ".lrv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4",
        ".mpeg", ".mpg", ".mts", ".webm", ".wmv",
    }
)  # fmt: skip


def readable_name(entry: zipfile.ZipInfo) -> str:
    """Return the path of an entry in the characters that its maker meant, with forward slashes.

    Names ought to be UTF-8 with a flag. Older tools write them in a code page that they do not
    tell; of those in use here it is the one that makes most letters of the bytes.
    """
    name = entry.orig_filename
    if not entry.flag_bits & UTF8_FLAG and not name.isascii():
        raw = name.encode("cp437", "replace")
        name = _unicode_path(entry, raw) or _guessed(raw, entry.create_system)
    name = name.split("\0")[0].replace("\\", "/")
    return unicodedata.normalize("NFC", name)


def is_junk(path: str) -> bool:
    """Whether computers added an entry by themselves: folders, thumbnails, settings of folders."""
    *folders, name = path.casefold().split("/")
    return (
        not name
        or name in JUNK_NAMES
        or name.startswith("._")
        or name.endswith(JUNK_ENDINGS)
        or any(_is_junk_folder(folder) for folder in folders)
    )


def _is_junk_folder(name: str) -> bool:
    return name in JUNK_FOLDERS or (name.startswith(".") and name != ".")


def is_sidecar(path: str) -> bool:
    """Whether an entry says something of photos and is none."""
    return PurePosixPath(path).suffix.casefold() in SIDECARS


def is_film(path: str) -> bool:
    """Whether an entry is a film, by its name."""
    return PurePosixPath(path).suffix.casefold() in FILMS


def live_films(paths: list[str]) -> set[str]:
    """Return the films that belong to a photo of the same name, as phones keep moving photos."""
    photos = {_stem(path) for path in paths if not is_film(path) and not is_sidecar(path)}
    return {path for path in paths if is_film(path) and _stem(path) in photos}


def _stem(path: str) -> str:
    """The path without its ending: of `IMG_1.HEIC.mov` as of `IMG_1.mov` that of `IMG_1.HEIC`."""
    stem = PurePosixPath(path.casefold()).with_suffix("")
    return str(stem.with_suffix("") if stem.suffix in (".heic", ".jpg", ".jpeg") else stem)


def _unicode_path(entry: zipfile.ZipInfo, raw: bytes) -> str | None:
    for kind, content in _extra_fields(entry.extra):
        if kind == UNICODE_PATH and len(content) > 5:
            version, checksum = struct.unpack("<BL", content[:5])
            if version == 1 and checksum == zlib.crc32(raw):
                return content[5:].decode("utf-8", "replace")
    return None


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        yield kind, extra[position + 4 : position + 4 + size]
        position += 4 + size


def _guessed(raw: bytes, system: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pages = CODE_PAGES if system != FROM_DOS else (*CODE_PAGES[1:], CODE_PAGES[0])
        # The first of equals: the page that fits where the name came from.
        return max((raw.decode(page, "replace") for page in pages), key=_letters)


def _letters(text: str) -> int:
    """How many characters beyond ASCII are Latin letters, less those that names hardly have."""
    foreign = [character for character in text if not character.isascii()]
    letters = [c for c in foreign if unicodedata.name(c, "").startswith("LATIN ")]
    return 2 * len(letters) - len(foreign)
