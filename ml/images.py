"""The one decoder of images: bytes of a file → upright RGB pixels.

Files come from strangers. Their content decides what they are, never their name, and nothing is
decoded before size and pixel count are known to be within limits. Pass files that are in memory
or on a local disk: an error while reading counts as a corrupt image.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from ml.image_metadata import DECODER_ERRORS, captured_at, orientation
from ml.image_pixels import rgb, upright
from ml.image_structure import count_gif_frames, count_scans

pillow_heif.register_heif_opener()

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF")
"""The decoders that may run, by Pillow's names."""

_SIGNATURES: Final = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP|GIF8[79]a|BM.{4}\0{4}|II[*+]\0|MM\0[*+]"
    rb"|.{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)",
    re.DOTALL,
)
MAX_SIDE: Final = 65_500
"""Pixels of the longest side that a JPEG can have; the upright copy is one."""
USUAL_SCANS: Final = 12
MAX_SCANS: Final = 100
MAX_SCANNED_PIXELS: Final = 1_000_000_000
"""Scans of a progressive JPEG. Encoders write about ten; each costs a pass over all pixels, so
that a file of some kilobytes could keep a processor busy for minutes."""
MAX_FRAMES: Final = 1000
"""Of a short animation the first frame stands for it; what has more is a film."""


class ImageError(Exception):
    """A file that cannot be used.

    `code` is one of empty_file, file_too_large, unsupported_format, image_too_large,
    too_many_frames, too_many_scans and corrupt_image; `message` is a sentence for people;
    `details` holds plain values.
    """

    def __init__(self, code: str, message: str, details: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.details: dict[str, object] = details or {}


@dataclass(frozen=True)
class Limits:
    """The largest file in bytes and the largest image in pixels.

    50 megapixels cover the main cameras of phones and most others; decoded as RGB they take
    150 MB. Pillow itself refuses more than 179 megapixels, whatever stands here.
    """

    max_bytes: int = 25 * 2**20
    max_pixels: int = 50_000_000


@dataclass(frozen=True)
class ImageHeader:
    """Format (one of `FORMATS`), width and height in pixels of the upright image."""

    format: str
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """rgb (H, W, 3) uint8, upright, colour order RGB, [0, 255]; format one of `FORMATS`.

    captured_at is EXIF's DateTimeOriginal, aware where the file holds the offset, else naive.
    """

    rgb: NDArray[np.uint8]
    format: str
    captured_at: datetime | None


def inspect(file: BinaryIO, limits: Limits = Limits()) -> ImageHeader:
    """Check a file by its header alone, before anything is decoded.

    Raises ImageError. The orientation that exchanges width and height is read where it stands
    before the pixels, as cameras write it.
    """
    _check_size(file, limits)
    with _open(file, limits) as image:
        width, height = image.size
        if _format(image) == "JPEG":
            _check_scans(file, width * height)
        _check_frames(file, image)
        # Pillow exchanges a TIFF's sides itself, libheif a HEIF's.
        if image.format not in ("TIFF", "HEIF") and orientation(image, loaded=False) >= 5:
            width, height = height, width
        return ImageHeader(_format(image), width, height)


def verify(file: BinaryIO, limits: Limits = Limits()) -> None:
    """Raise ImageError `corrupt_image` where the data is damaged or ends too early.

    Checks what `inspect` checks too. Only as much is decoded as finding out needs: a JPEG at an
    eighth of its size, a PNG's checksums, the first frame of the others.
    """
    _check_size(file, limits)
    with _open(file, limits) as image:
        try:
            if image.format == "PNG":
                image.verify()
                return
            if _format(image) == "JPEG":
                image.draft(None, (image.width // 8, image.height // 8))
            image.load()
        except DECODER_ERRORS as error:
            raise _corrupt() from error


def decode(file: BinaryIO, limits: Limits = Limits()) -> DecodedImage:
    """Decode the first frame of an image file.

    Orientation is applied once; CMYK, palettes and deeper pixels become 8-bit RGB; transparency
    becomes white. Of the metadata only the capture time is returned. Raises ImageError.
    """
    inspect(file, limits)
    with _open(file, limits) as image:
        try:
            image.load()
            # After loading: Pillow has turned a TIFF by now and dropped its orientation.
            pixels = upright(rgb(image), orientation(image, loaded=True))
        except DECODER_ERRORS as error:
            raise _corrupt() from error
        return DecodedImage(pixels, _format(image), captured_at(image))


def check_size(size: int, limits: Limits = Limits()) -> None:
    """Raise ImageError where a file of so many bytes cannot be used."""
    if size == 0:
        raise ImageError("empty_file", "The file is empty.")
    if size > limits.max_bytes:
        raise ImageError(
            "file_too_large",
            f"The file is larger than {limits.max_bytes / 2**20:g} MB.",
            {"bytes": size, "max_bytes": limits.max_bytes},
        )


def _check_size(file: BinaryIO, limits: Limits) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    check_size(size, limits)


def _open(file: BinaryIO, limits: Limits) -> Image.Image:
    """Read the header; the sides, in the order they are stored, are within the limits."""
    file.seek(0)
    known = _SIGNATURES.match(file.read(16)) is not None
    file.seek(0)
    try:
        image = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(limits, {}) from error
    except DECODER_ERRORS as error:
        if known:
            raise _corrupt() from error
        raise ImageError(
            "unsupported_format",
            "This is not an image we can read: use JPEG, PNG, WebP, GIF, BMP, TIFF or HEIC.",
            {"supported": list(FORMATS)},
        ) from error
    width, height = image.size
    if width * height > limits.max_pixels:
        raise _too_many_pixels(limits, {"width": width, "height": height})
    if max(width, height) > MAX_SIDE:
        raise ImageError(
            "image_too_large",
            f"The image is longer than {MAX_SIDE:,} pixels on one side.",
            {"width": width, "height": height, "max_side": MAX_SIDE},
        )
    if width * height == 0:
        raise _corrupt()
    return image


def _check_scans(file: BinaryIO, pixels: int) -> None:
    """Raise ImageError where a JPEG of so many pixels has more scans than anything writes."""
    allowed = max(USUAL_SCANS, min(MAX_SCANS, MAX_SCANNED_PIXELS // pixels))
    file.seek(0)
    scans = count_scans(file.read())
    file.seek(0)
    if scans > allowed:
        raise ImageError(
            "too_many_scans",
            "The image is stored in more passes than any camera or program writes.",
            {"scans": scans, "max_scans": allowed},
        )


def _check_frames(file: BinaryIO, image: Image.Image) -> None:
    """Raise ImageError for an animation of more frames than any that stands for a photo."""
    if image.format == "GIF":
        file.seek(0)
        frames = count_gif_frames(file.read(), MAX_FRAMES)
        file.seek(0)
    elif image.format in ("PNG", "WEBP"):
        # Known from the header; a TIFF's pages would have to be followed one by one.
        frames = getattr(image, "n_frames", 1)
    else:
        return
    if frames > MAX_FRAMES:
        raise ImageError(
            "too_many_frames",
            f"The animation has more than {MAX_FRAMES:,} frames. Use a single picture of it.",
            {"max_frames": MAX_FRAMES},
        )


def _too_many_pixels(limits: Limits, details: dict[str, object]) -> ImageError:
    return ImageError(
        "image_too_large",
        f"The image has more than {limits.max_pixels / 1e6:g} megapixels.",
        {**details, "max_pixels": limits.max_pixels},
    )


def _corrupt() -> ImageError:
    return ImageError("corrupt_image", "The image is damaged or incomplete.")


def _format(image: Image.Image) -> str:
    # A JPEG with further pictures behind the first, as phones write them.
    return "JPEG" if image.format == "MPO" else str(image.format)
