"""The one decoder of images: bytes of a file → upright RGB pixels.

Files come from strangers. Their content decides what they are, never their name, and nothing is
decoded before size and pixel count are known to be within limits. Pass files that are in memory
or on a local disk: an error while reading counts as a corrupt image.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import BinaryIO, Final

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image

pillow_heif.register_heif_opener()

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF")
"""The decoders that may run, by Pillow's names."""

DECODER_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What Pillow and libheif raise when the data is not what its header promised."""

_SIGNATURES: Final = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP|GIF8[79]a|BM.{4}\0{4}|II[*+]\0|MM\0[*+]"
    rb"|.{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)",
    re.DOTALL,
)


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


MAX_SIDE: Final = 65_500
"""Pixels of the longest side that a JPEG can have; the upright copy is one."""
USUAL_SCANS: Final = 12
MAX_SCANS: Final = 100
MAX_SCANNED_PIXELS: Final = 1_000_000_000
"""Scans of a progressive JPEG. Encoders write about ten; each costs a pass over all pixels, so
that a file of some kilobytes could keep a processor busy for minutes."""
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""Neither a stuffed byte nor a fill byte nor a restart within a scan."""
MAX_FRAMES: Final = 1000
"""Of a short animation the first frame stands for it; what has more is a film."""
EARLIEST_YEAR: Final = 1900
"""A capture time before that is a camera without a clock."""


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
        if image.format not in ("TIFF", "HEIF") and _orientation(image, loaded=False) >= 5:
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
            orientation = _orientation(image, loaded=True)
            rgb = _upright(_rgb(image), orientation)
        except DECODER_ERRORS as error:
            raise _corrupt() from error
        return DecodedImage(rgb, _format(image), _captured_at(image))


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
    scans = _count_scans(file.read())
    file.seek(0)
    if scans > allowed:
        raise ImageError(
            "too_many_scans",
            "The image is stored in more passes than any camera or program writes.",
            {"scans": scans, "max_scans": allowed},
        )


def _count_scans(content: bytes) -> int:
    """Start-of-scan markers of a JPEG up to its end, as a decoder meets them (ITU-T T.81, B.1).

    Segments are skipped by their length: what lies in a preview or behind the picture, as the
    film of a phone's moving photo, does not count.
    """
    scans, position = 0, 2
    while marker := _MARKER.search(content, position):
        code, position = marker[0][1], marker.end()
        if code in (0xD8, 0xD9):
            break
        scans += code == 0xDA
        if code != 0x01:
            position += int.from_bytes(content[position : position + 2], "big")
    return scans


def _check_frames(file: BinaryIO, image: Image.Image) -> None:
    """Raise ImageError for an animation of more frames than any that stands for a photo."""
    if image.format == "GIF":
        file.seek(0)
        frames = _count_gif_frames(file.read())
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


def _count_gif_frames(content: bytes) -> int:
    """Image descriptors of a GIF (GIF89a, 20), up to its end or just beyond `MAX_FRAMES`."""
    position = 13 + _colours(content, 10)
    frames = 0
    while frames <= MAX_FRAMES:
        block = content[position : position + 1]
        if block == b"!":
            position = _skip_data(content, position + 2)
        elif block == b",":
            frames += 1
            position = _skip_data(content, position + 11 + _colours(content, position + 9))
        else:
            break
    return frames


def _colours(content: bytes, position: int) -> int:
    """Bytes of the colour table that the flags at this position announce."""
    flags = content[position] if position < len(content) else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_data(content: bytes, position: int) -> int:
    """The position behind a chain of data sub-blocks, which ends with an empty one."""
    while position < len(content) and content[position]:
        position += content[position] + 1
    return position + 1


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


def _orientation(image: Image.Image, *, loaded: bool) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none that makes sense.

    Before loading, a PNG is asked only if its metadata came first: Pillow would decode it all
    in search of some behind the pixels.
    """
    early = {"exif", "Raw profile type exif", "XML:com.adobe.xmp"} & image.info.keys()
    if image.format == "PNG" and not loaded and not early:
        return 1
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except DECODER_ERRORS:
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an orientation of the EXIF standard (CIPA DC-008, tag 274)."""
    if orientation in (2, 4, 5, 7):
        pixels = pixels[:, ::-1]
    turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(pixels, turns))


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels of a loaded image as (H, W, 3) uint8, in the order they are stored."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        grey = _eight_bits(np.asarray(image))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        drawn = image.convert("RGBA")
        white = Image.new("RGBA", drawn.size, "white")
        image = Image.alpha_composite(white, drawn)
    return np.asarray(image.convert("RGB"))


def _eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Deep grey levels scaled to [0, 255].

    Unsigned 16-bit values map from their whole range. Wider types do not say their range: it is
    taken as 1, 255 or 65535, whichever is the first that holds all values, else as what occurs.
    """
    numbers = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = 0.0, 65535.0
    if values.dtype.kind != "u":
        least, most = float(numbers.min()), float(numbers.max())
        ranges = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
        fitting = [top for top in ranges if least >= 0 and most <= top]
        low, high = (0.0, fitting[0]) if fitting else (least, most)
    scaled = (numbers - low) * (255 / max(high - low, 1e-12))
    return np.rint(scaled).astype(np.uint8)


def _captured_at(image: Image.Image) -> datetime | None:
    try:
        exif = image.getexif().get_ifd(ExifTags.IFD.Exif)
        taken = _text(exif.get(ExifTags.Base.DateTimeOriginal))
        moment = datetime.strptime(taken, "%Y:%m:%d %H:%M:%S")
        if moment.year < EARLIEST_YEAR:
            return None
        offset = _text(exif.get(ExifTags.Base.OffsetTimeOriginal))
        return moment.replace(tzinfo=_zone(offset))
    except DECODER_ERRORS:
        return None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip("\0 ") if isinstance(value, str) else ""


def _zone(offset: str) -> timezone | None:
    """The zone of EXIF's "+02:00"; None where it is missing or unclear."""
    found = re.fullmatch(r"([+-])(\d\d):([0-5]\d)", offset)
    if found is None or int(found[2]) > 14:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
