"""Decode file names in ZIP archives, and recognise files that are not photos."""

import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

UTF8_FLAG: Final = 0x800
UNICODE_PATH: Final = 0x7075
"""Id of the extra field with the name in UTF-8 (APPNOTE 4.6.9)."""
FROM_DOS: Final = 0
"""`create_system` of Windows' own tools, which use the code page of the old console."""

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

SIDECAR_SUFFIXES: Final = frozenset(
    {
        ".aae", ".cos", ".csv", ".db", ".dop", ".htm", ".html", ".ini", ".json", ".lnk", ".log",
        ".md", ".md5", ".nfo", ".on1", ".pp3", ".rtf", ".sfv", ".sidecar", ".text", ".tsv", ".txt",
        ".url", ".vcf", ".xml", ".xmp", ".yaml", ".yml",
    }
)  # fmt: skip
"""Suffixes of files that photo programs and services write beside photos, and of notes."""

VIDEO_SUFFIXES: Final = frozenset(
    {
        ".3g2", ".3gp", ".avi", ".flv", ".insv", ".lrv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4",
        ".mpeg", ".mpg", ".mts", ".webm", ".wmv",
    }
)  # fmt: skip
OWN_VIDEO: Final = re.compile(r"(?:.*/)?videos/[0-9a-f-]{36}\.\w+", re.DOTALL)


def readable_name(entry: zipfile.ZipInfo) -> str:
    """Return the decoded path of an entry, with forward slashes.

    Names should be UTF-8, marked by a flag. Older tools use a code page and do not say which one.
    Then we guess: the code page wins that decodes the most bytes to letters.
    """
    name = entry.orig_filename
    if not entry.flag_bits & UTF8_FLAG and not name.isascii():
        raw = name.encode("cp437", "replace")
        name = _unicode_path(entry, raw) or _decoded_by_guess(raw, entry.create_system)
    name = name.split("\0")[0].replace("\\", "/")
    return unicodedata.normalize("NFC", name)


def is_junk(path: str) -> bool:
    """Return whether an entry is a folder, or a system file such as a thumbnail cache."""
    *folders, name = path.casefold().split("/")
    return (
        name in ("", ".")
        or name in JUNK_NAMES
        or name.startswith("._")
        or name.endswith(JUNK_ENDINGS)
        or any(_is_junk_folder(folder) for folder in folders)
    )


def _is_junk_folder(name: str) -> bool:
    return name in JUNK_FOLDERS or (name.startswith(".") and name != ".")


def is_sidecar(path: str) -> bool:
    """Return whether an entry is a sidecar file, such as metadata of a photo."""
    return PurePosixPath(path).suffix.casefold() in SIDECAR_SUFFIXES


def is_video(path: str) -> bool:
    """Return whether an entry is a video, by its suffix."""
    return PurePosixPath(path).suffix.casefold() in VIDEO_SUFFIXES


def own_videos(paths: list[str]) -> set[str]:
    """Return the videos of an export of ours: they are not for here, and no error either."""
    return {path for path in paths if OWN_VIDEO.fullmatch(path)}


def live_videos(paths: list[str]) -> set[str]:
    """Return the videos beside a photo of the same name, as phones store live photos."""
    photos = {_stem(path) for path in paths if not is_video(path) and not is_sidecar(path)}
    return {path for path in paths if is_video(path) and _stem(path) in photos}


def _stem(path: str) -> str:
    """Return the path without suffixes, so that `IMG_1.HEIC`, `.mov` and `.HEIC.mov` match."""
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


def _decoded_by_guess(raw: bytes, system: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pages = CODE_PAGES if system != FROM_DOS else (*CODE_PAGES[1:], CODE_PAGES[0])
        # On ties, `max` takes the first: the most likely page of the system.
        return max((raw.decode(page, "replace") for page in pages), key=_letter_score)


def _letter_score(text: str) -> int:
    """Return a score: non-ASCII Latin letters minus all other non-ASCII characters."""
    foreign = [character for character in text if not character.isascii()]
    letters = [c for c in foreign if unicodedata.name(c, "").startswith("LATIN ")]
    return 2 * len(letters) - len(foreign)
