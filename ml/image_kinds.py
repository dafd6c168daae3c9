"""What kind of file its first bytes announce, and which decoder may open it."""

import re
from typing import Final

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
"""The decoders that may run, by Pillow's names."""

_SIGNATURES: Final = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP|GIF8[79]a|BM.{4}\0{4}|II[*+]\0|MM\0[*+]"
    rb"|.{4}ftyp(?:hei[cxms]|hev[cxms]|mif[123]|msf1|avi[fso]|miaf|1pic)",
    re.DOTALL,
)
HEAD_BYTES: Final = 64 * 2**10
_FILM: Final = "This is a film, not a photo: use a single picture of it."
_RAW: Final = "A camera's raw file cannot be read: export the photo as JPEG."
_OTHERS: Final = {
    b"\xff\x0a": "JPEG XL cannot be read: save the photo as JPEG or PNG.",
    b"JXL \r\n": "JPEG XL cannot be read: save the photo as JPEG or PNG.",
    b"%PDF": "This is a PDF, not an image we can read: save the page as JPEG or PNG.",
    b"8BPS": "A Photoshop document cannot be read: save the photo as JPEG or PNG.",
    b"FUJIFILMCCD-RAW": _RAW,
    b"ftypcrx": _RAW,
    b"ftypqt": _FILM,
    b"ftypisom": _FILM,
    b"ftypmp4": _FILM,
    b"\x1aE\xdf\xa3": _FILM,
}
"""What people do send, by how it begins, at once or behind four bytes of length."""


def decoders(start: bytes) -> tuple[str, ...]:
    """Return the decoders that may open a file of these first `HEAD_BYTES`.

    Files of HEIC and AVIF begin alike, and either decoder would try the other's.
    """
    return (_codec(start),) if start[4:8] == b"ftyp" else FORMATS


def is_known(start: bytes) -> bool:
    """Whether a file begins as one of `FORMATS`: what cannot be opened is then damaged."""
    return _SIGNATURES.match(start) is not None


def unsupported(start: bytes) -> str:
    """Return the sentence for a file of none of `FORMATS`."""
    for signature, sentence in _OTHERS.items():
        if start.startswith(signature) or start[4:].startswith(signature):
            return sentence
    return "This is not an image we can read: use JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF."


def _codec(start: bytes) -> str:
    """Return HEIF or AVIF, by Pillow's names, for the first bytes of a file of either kind.

    The brands of the `ftyp` box say which (ISO/IEC 23008-12, AVIF 1.1); where they name the
    container alone, the type of the picture in it does.
    """
    size = int.from_bytes(start[:4], "big")
    brands = {start[i : i + 4] for i in range(8, min(size, len(start)), 4) if i != 12}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}:
        return "HEIF"
    return "AVIF" if b"av01" in start else "HEIF"
