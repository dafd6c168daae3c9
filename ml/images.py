"""The only decoder of images: checks files and turns them into upright RGB pixels.

Files are untrusted. Their format is told by content, never by name, and nothing is decoded before
size and pixel count are known to be within limits. Pass files that are in memory or on a local
disk: an error while reading counts as a corrupt image.
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from ml import image_errors, image_structure
from ml.capture_time import captured_at
from ml.image_errors import ImageError as ImageError
from ml.image_frames import telling_frame
from ml.image_kinds import HEAD_BYTES, RAW, decoders, is_known, unsupported
from ml.image_metadata import DECODER_ERRORS, orientation
from ml.image_repair import load_without_end, with_full_length
from ml.image_tiffs import correct_tiles

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = 130_000_000
"""Pillow refuses images of twice as many pixels. This is a second guard, for frames of animations
which `_open` cannot see; the limits that `_open` applies depend on the format."""
warnings.simplefilter("ignore", Image.DecompressionBombWarning)

JPEG_REDUCTION: Final = 2
"""Divisor of both sides of a JPEG above the pixel limit. libjpeg decodes to this size directly and
needs no more memory than for the smaller picture."""
MAX_SIDE: Final = 65_500
"""Longest side of a JPEG in pixels; the upright copy is stored as JPEG."""
USUAL_SCANS: Final = 12
MAX_SCANS: Final = 100
MAX_SCANNED_PIXELS: Final = 1_000_000_000
"""Limits for a progressive JPEG. Encoders write about ten scans. Each costs a pass over all pixels,
so a file of a few kilobytes could otherwise keep a processor busy for minutes."""
MAX_FRAMES: Final = 1000
"""Longest accepted animation. One frame stands for it; anything longer is a film."""


@dataclass(frozen=True)
class Limits:
    """The largest file in bytes and the largest image in pixels as decoded.

    65 megapixels cover most phones and cameras (9248 x 6936 is 64.1) and take 195 MB. A JPEG may
    have four times as many pixels: it is decoded at half its width and height. A progressive JPEG
    may not, since libjpeg keeps all its coefficients in memory at any size.
    """

    max_bytes: int = 50 * 2**20
    max_pixels: int = 65_000_000


@dataclass(frozen=True)
class ImageHeader:
    """Format (one of `FORMATS`), width and height in pixels of the upright image as decoded."""

    format: str
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """rgb (H, W, 3) uint8, upright, colour order RGB, [0, 255]; format one of `FORMATS`.

    captured_at comes from the metadata: aware where it holds the offset, else naive. frame is the
    index of the frame or page, None where the file holds one picture.
    """

    rgb: NDArray[np.uint8]
    format: str
    captured_at: datetime | None
    frame: int | None = None


def inspect(file: BinaryIO, limits: Limits = Limits()) -> ImageHeader:
    """Check a file by its header alone, before anything is decoded. Raises ImageError.

    An orientation that swaps width and height is seen only where it precedes the pixels, as cameras
    write it.
    """
    _check_size(file, limits)
    with _open(file, limits) as image:
        if _format(image) == "JPEG":
            _check_scans(file, image, limits)
        _check_frames(file, image)
        _reduce(image, limits)
        width, height = image.size
        # Pillow swaps a TIFF's sides itself, libheif a HEIF's.
        if image.format not in ("TIFF", "HEIF") and orientation(image, loaded=False) >= 5:
            width, height = height, width
        return ImageHeader(_format(image), width, height)


def verify(file: BinaryIO, limits: Limits = Limits()) -> None:
    """Raise ImageError `corrupt_image` where the data is damaged or truncated.

    Call it for files that passed `inspect`. It decodes as little as needed: of a JPEG the beginning
    of each scan, of a PNG only the checksums, of other formats the first frame. A few missing rows
    at the end are accepted: see `ml.image_repair`.
    """
    _check_size(file, limits)
    with _open(file, limits) as image:
        if _format(image) == "JPEG" and _is_complete_jpeg(file, limits):
            return
        _at_an_eighth(image, "L")
        try:
            image.verify() if image.format == "PNG" else image.load()
        except DECODER_ERRORS:
            _load_truncated(file, image, limits, _small)


def _is_complete_jpeg(file: BinaryIO, limits: Limits) -> bool:
    """Return whether a JPEG has an end, and libjpeg decodes the beginning of each scan.

    Damage further on in a scan changes pixels, but libjpeg does not call it an error.
    """
    file.seek(0)
    short = image_structure.with_short_scans(file.read())
    if short is None:
        return False
    try:
        with _open(io.BytesIO(short), limits) as image:
            _at_an_eighth(image, "L")
            image.load()
    except (*DECODER_ERRORS, ImageError):
        return False
    return True


def decode(file: BinaryIO, limits: Limits = Limits()) -> DecodedImage:
    """Decode an image file; of an animation, the first frame that shows something.

    Applies the orientation. Colours become sRGB by the file's profile; CMYK, palettes and deeper
    pixels become 8-bit RGB; transparency becomes white. Of the metadata only the capture time is
    returned. Raises ImageError.
    """
    inspect(file, limits)

    with _open(file, limits) as image:
        _reduce(image, limits)
        try:
            image.load()
        except DECODER_ERRORS:
            image = _load_truncated(file, image, limits, lambda mended: _reduce(mended, limits))
        try:
            frame = telling_frame(image, limits.max_pixels)
        except DECODER_ERRORS as error:
            raise image_errors.corrupt() from error
        return DecodedImage(frame.pixels, _format(image), captured_at(image), frame.number)


def check_size(size: int, limits: Limits = Limits()) -> None:
    """Raise ImageError where a file of this many bytes is empty or too large."""
    if size == 0:
        raise ImageError("empty_file", "The file is empty.")
    if size > limits.max_bytes:
        raise ImageError(
            "file_too_large",
            f"The file is larger than {limits.max_bytes / 2**20:g} MB.",
            {"bytes": size, "max_bytes": limits.max_bytes},
        )


def _load_truncated(
    file: BinaryIO, image: Image.Image, limits: Limits, prepare: Callable[[Image.Image], None]
) -> Image.Image:
    """Load a truncated file. Raises ImageError where too much is missing."""
    file.seek(0)

    def opened(content: bytes) -> Image.Image:
        mended = _open(io.BytesIO(content), limits)
        prepare(mended)
        return mended

    try:
        loaded = load_without_end(file.read(), image, opened)
    except (*DECODER_ERRORS, ImageError) as error:
        raise image_errors.corrupt() from error
    if loaded is None:
        raise image_errors.corrupt()
    return loaded


def _at_an_eighth(image: Image.Image, mode: str | None = None) -> None:
    """Let libjpeg decode small; in grey ("L") it computes no pixel of the other colours."""
    if _format(image) == "JPEG":
        # A side of fewer than 8 pixels stays one pixel: Pillow divides by it.
        image.draft(mode, (max(image.width // 8, 1), max(image.height // 8, 1)))


def _small(image: Image.Image) -> None:
    # At an eighth libjpeg skips the detail of the last scans, so missing ones would not be seen.
    if not image.info.get("progressive"):
        _at_an_eighth(image)


def _reduce(image: Image.Image, limits: Limits) -> None:
    if _format(image) == "JPEG" and image.width * image.height > limits.max_pixels:
        image.draft(None, (image.width // JPEG_REDUCTION, image.height // JPEG_REDUCTION))


def _check_size(file: BinaryIO, limits: Limits) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    check_size(size, limits)


def _open(file: BinaryIO, limits: Limits) -> Image.Image:
    """Open a file by its header. Raises ImageError where its sides exceed the limits."""
    file.seek(0)
    start = file.read(HEAD_BYTES)
    if image_structure.is_raw_photo(file, start):
        raise image_errors.unsupported_format(RAW)
    file.seek(0)
    try:
        image = Image.open(with_full_length(file, start), formats=decoders(start))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise image_errors.too_many_pixels(limits.max_pixels, {}) from error
    except DECODER_ERRORS as error:
        if is_known(start) and not image_structure.is_other_tiff(file):
            raise image_errors.corrupt() from error
        raise image_errors.unsupported_format(unsupported(start)) from error
    _check_sides(image, limits)
    correct_tiles(image)
    return image


def _check_sides(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    allowed = limits.max_pixels
    if _format(image) == "JPEG":
        allowed *= JPEG_REDUCTION**2
    if image_structure.unpacked_pixels(image) > allowed:
        raise image_errors.too_many_pixels(allowed, {"width": width, "height": height})
    if max(width, height) > MAX_SIDE:
        raise ImageError(
            "image_too_large",
            f"The image is longer than {MAX_SIDE:,} pixels on one side.",
            {"width": width, "height": height, "max_side": MAX_SIDE},
        )
    if width * height == 0:
        raise image_errors.corrupt()


def _check_scans(file: BinaryIO, image: Image.Image, limits: Limits) -> None:
    """Raise ImageError where a JPEG has too many scans, or is progressive and too large."""
    pixels = image.width * image.height
    allowed = max(USUAL_SCANS, min(MAX_SCANS, MAX_SCANNED_PIXELS // pixels))
    file.seek(0)
    content = file.read()
    file.seek(0)
    scans = image_structure.count_scans(content)
    if pixels > limits.max_pixels and image_structure.is_progressive(content):
        sides = {"width": image.width, "height": image.height}
        raise image_errors.too_many_pixels(limits.max_pixels, sides)
    if scans > allowed:
        raise ImageError(
            "too_many_scans",
            "The image is stored in more passes than any camera or program writes.",
            {"scans": scans, "max_scans": allowed},
        )


def _check_frames(file: BinaryIO, image: Image.Image) -> None:
    """Raise ImageError for an animation of more than `MAX_FRAMES` frames."""
    if image.format == "GIF":
        file.seek(0)
        frames = image_structure.count_gif_frames(file.read(), MAX_FRAMES)
        file.seek(0)
    elif image.format in ("PNG", "WEBP", "AVIF"):
        # These headers state the number; a TIFF's pages would have to be followed one by one.
        frames = getattr(image, "n_frames", 1)
    else:
        return
    if frames > MAX_FRAMES:
        raise ImageError(
            "too_many_frames",
            f"The animation has more than {MAX_FRAMES:,} frames. Use a single picture of it.",
            {"max_frames": MAX_FRAMES},
        )


def _format(image: Image.Image) -> str:
    # MPO is a JPEG with further pictures behind the first, as phones write them.
    return "JPEG" if image.format == "MPO" else str(image.format)
