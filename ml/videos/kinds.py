"""Containers of videos, told by content.

FFmpeg would also open playlists and lists of files, which name other files to read. So it is told
the one format that the first bytes are of.
"""

from typing import Final

HEAD_BYTES: Final = 1024
_MATROSKA_HEAD: Final = 64
MATROSKA: Final = b"\x1aE\xdf\xa3"
BOXES: Final = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""First boxes of MP4 and QuickTime files (ISO/IEC 14496-12; QuickTime File Format, 2001)."""
STILLS: Final = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"crx ")
"""Brands of files that have these boxes, too, but are pictures."""


def container_of(head: bytes) -> str | None:
    """Return FFmpeg's name of the container that begins with these bytes; None if none is known."""
    if head.startswith(MATROSKA):
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[4:8] in BOXES and head[8:12] not in STILLS:
        return "mov"
    return None


def name_of(container: str, head: bytes) -> str:
    """Return the name of a format among `errors.FORMATS`."""
    if container == "matroska":
        return "WEBM" if b"webm" in head[:_MATROSKA_HEAD] else "MKV"
    if container == "mov":
        return "MOV" if head[4:8] != b"ftyp" or head[8:12] == b"qt  " else "MP4"
    return "AVI"
