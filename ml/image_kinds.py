"""Tells the kind of a file by its first bytes, and which decoders may open it."""

import re
from typing import Final

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
"""The allowed decoders, by Pillow's names."""

_SIGNATURES: Final = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP|GIF8[79]a|BM.{4}\0{4}|II[*+]\0|MM\0[*+]"
    rb"|.{4}ftyp(?:hei[cxms]|hev[cxms]|mif[123]|msf1|avi[fso]|miaf|1pic)",
    re.DOTALL,
)
HEAD_BYTES: Final = 64 * 2**10
_FILM: Final = "This is a film, not a photo: use a single picture of it."
RAW: Final = "A camera's raw file cannot be read: export the photo as JPEG."
_TIFF: Final = "This kind of TIFF cannot be read: save the photo as JPEG or PNG."
_OTHERS: Final = {
    b"II*\0": _TIFF,
    b"II+\0": _TIFF,
    b"MM\0*": _TIFF,
    b"MM\0+": _TIFF,
    b"\xff\x0a": "JPEG XL cannot be read: save the photo as JPEG or PNG.",
    b"JXL \r\n": "JPEG XL cannot be read: save the photo as JPEG or PNG.",
    b"%PDF": "This is a PDF, not an image we can read: save the page as JPEG or PNG.",
    b"8BPS": "A Photoshop document cannot be read: save the photo as JPEG or PNG.",
    b"FUJIFILMCCD-RAW": RAW,
    b"ftypcrx": RAW,
    b"IIRO": RAW,
    b"IIRS": RAW,
    b"IIU\0": RAW,
    b"ftypqt": _FILM,
    b"ftypisom": _FILM,
    b"ftypmp4": _FILM,
    b"\x1aE\xdf\xa3": _FILM,
}
"""Other files that people send, by their first bytes, which may follow four bytes of length."""


def decoders(start: bytes) -> tuple[str, ...]:
    """Return the decoders that may open a file with these first `HEAD_BYTES`.

    HEIC and AVIF start alike, and each decoder would try the other's files.
    """
    return (_codec(start),) if start[4:8] == b"ftyp" else FORMATS


def is_known(start: bytes) -> bool:
    """Return whether a file starts as one of `FORMATS`; if it cannot be opened, it is damaged."""
    return _SIGNATURES.match(start) is not None


def unsupported(start: bytes) -> str:
    """Return the error message for a file that is none of `FORMATS`."""
    for signature, sentence in _OTHERS.items():
        if start.startswith(signature) or start[4:].startswith(signature):
            return sentence
    return "This is not an image we can read: use JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF."


def _codec(start: bytes) -> str:
    """Return Pillow's name, HEIF or AVIF, for the first bytes of such a file.

    The brands of the `ftyp` box decide (ISO/IEC 23008-12, AVIF 1.1). Where they name only the
    container, the type of its picture decides.
    """
    size = int.from_bytes(start[:4], "big")
    brands = {start[i : i + 4] for i in range(8, min(size, len(start)), 4) if i != 12}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}:
        return "HEIF"
    return "AVIF" if b"av01" in start else "HEIF"
