"""Files of photos: checked on the way in, normalised once, removed with their photo."""

import hashlib
import io
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, BinaryIO, cast

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image

from detector.common import clock, storage
from detector.exceptions import DetectorError
from detector.models import Photo
from ml import images as decoder

logger = logging.getLogger(__name__)

DECODING = threading.BoundedSemaphore(2)
"""A large WebP takes 750 MB to check: only so many at once, however many threads serve."""

PATIENCE_SECONDS = 20
BUSY = DetectorError(
    "busy", "Too many photos are being checked. Try again in a moment.", permanent=False
)

JPEG_QUALITY = 95
MAX_OPTIMIZED_PIXELS = 16_000_000
"""Above it libjpeg is not asked for the shortest codes: it would keep six bytes of each pixel to
save some percent."""
THUMBNAIL_SIDE = 480
THUMBNAIL_QUALITY = 82


@dataclass(frozen=True)
class CheckedUpload:
    """A file that passed every check that is possible before analysis; sizes are upright."""

    filename: str
    content: "UploadedFile[Any]"
    sha256: str
    format: str
    width: int
    height: int


def check_upload(file: "UploadedFile[Any]") -> CheckedUpload:
    """Check a received file: first its header alone, then that its data is whole.

    Raises DetectorError with a code of `ml.images.ImageError`.
    """
    stream = cast(BinaryIO, file)
    try:
        header = decoder.inspect(stream, limits())
        _verify(stream)
    except decoder.ImageError as error:
        raise as_detector_error(error) from error
    file.seek(0)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return CheckedUpload(
        filename=short_name(file.name or "photo"),
        content=file,
        sha256=digest.hexdigest(),
        format=header.format,
        width=header.width,
        height=header.height,
    )


def check_size(size: int) -> None:
    """Raise DetectorError where a file of so many bytes is not even looked at."""
    try:
        decoder.check_size(size, limits())
    except decoder.ImageError as error:
        raise as_detector_error(error) from error


def _verify(stream: BinaryIO) -> None:
    with decoding_slot():
        decoder.verify(stream, limits())


@contextmanager
def decoding_slot() -> Iterator[None]:
    """A place among those who may decode now. Raises DetectorError `busy` after a while."""
    if not DECODING.acquire(timeout=PATIENCE_SECONDS):
        raise BUSY
    try:
        yield
    finally:
        DECODING.release()


def limits() -> decoder.Limits:
    """The limits that the settings state."""
    return decoder.Limits(settings.UPLOAD_MAX_BYTES, settings.UPLOAD_MAX_PIXELS)


def max_jpeg_pixels() -> int:
    """Pixels that a JPEG may have: it can be reduced while it is decoded."""
    return limits().max_pixels * decoder.JPEG_REDUCTION**2


def as_detector_error(error: decoder.ImageError) -> DetectorError:
    """The same error, in the terms of the platform."""
    return DetectorError(error.code, error.message, details=error.details)


def short_name(filename: str) -> str:
    """A file's name that fits its column, without characters that do not print."""
    printable = "".join(character for character in filename if character.isprintable())
    return printable[-255:] or "photo"


def normalise(photo: Photo) -> NDArray[np.uint8]:
    """The upright RGB pixels of a photo, (H, W, 3) uint8.

    The first call stores the upright copy and the thumbnail and drops the file as received, and
    with it all metadata but the capture time. The pixels are those of the copy at the first call,
    too: the same network reads the same of a photo whenever it is analysed. Raises DetectorError
    for a file that cannot be decoded, and where the storage is away.
    """
    source = photo.image or photo.upload
    allowed = _limits_of_copies() if photo.image else limits()
    try:
        decoded = decoder.decode(io.BytesIO(storage.read(source)), allowed)
    except decoder.ImageError as error:
        raise as_detector_error(error) from error
    except FileNotFoundError as error:
        raise DetectorError("file_missing", "The stored file is gone.") from error
    if not photo.image:
        return _store_copies(photo, decoded)
    return decoded.rgb


def restore_upload(photo: Photo, checked: CheckedUpload) -> None:
    """Store a file again whose copy was lost before it was normalised."""
    with storage.translate_errors():
        if photo.image or photo.upload.storage.exists(str(photo.upload.name)):
            return
    storage.save(photo.upload, checked.content)
    name = str(photo.upload.name)
    if not Photo.objects.filter(pk=photo.pk, image="").update(upload=name):
        delete_files([name])


def _store_copies(photo: Photo, decoded: decoder.DecodedImage) -> NDArray[np.uint8]:
    """Store both copies and name them in the row; the pixels of the upright one."""
    upload = str(photo.upload.name)
    try:
        image = Image.fromarray(decoded.rgb)
        upright = _jpeg(image, JPEG_QUALITY)
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        small = _jpeg(image, THUMBNAIL_QUALITY)
        kept = decoder.decode(io.BytesIO(upright.read()), _limits_of_copies()).rgb
        storage.save(photo.image, upright)
        storage.save(photo.thumbnail, small)
        photo.stored_bytes = upright.size + small.size
    except BaseException:
        delete_files(_copies(photo))
        raise
    # From here on the row may name them, whatever is raised: if not, they are orphans.
    counted = _name_copies(photo, decoded, upload)
    delete_files([upload] if counted else _copies(photo))
    return kept


def _limits_of_copies() -> decoder.Limits:
    """Our own copy may be larger than the file as received, or than what may come in today.

    It is never reduced while it is decoded: boxes are in its pixels.
    """
    return replace(limits(), max_bytes=sys.maxsize, max_pixels=decoder.MAX_SIDE**2)


def _copies(photo: Photo) -> list[str]:
    return [str(file.name) for file in (photo.image, photo.thumbnail) if file]


def _name_copies(photo: Photo, decoded: decoder.DecodedImage, upload: str) -> bool:
    """Put the copies into the row; whether they count.

    Of two attempts that come here, one finds the upload gone from the row.
    """
    captured_at = _aware(decoded.captured_at, photo) or photo.captured_at
    height, width = decoded.rgb.shape[:2]
    rows = Photo.objects.filter(pk=photo.pk, upload=upload).exclude(upload="")
    changed = rows.update(
        upload="",
        image=photo.image.name,
        thumbnail=photo.thumbnail.name,
        stored_bytes=photo.stored_bytes,
        captured_at=captured_at,
        taken_at=captured_at or photo.uploaded_at,
        width=width,
        height=height,
        frame=decoded.frame,
    )
    return changed > 0


def _aware(captured_at: datetime | None, photo: Photo) -> datetime | None:
    """A capture time without a zone is meant in the owner's; one in the future is a wrong clock."""
    if captured_at is None:
        return None
    if timezone.is_naive(captured_at):
        captured_at = timezone.make_aware(captured_at, photo.owner.zone)
    return captured_at if captured_at <= clock.now() else None


def _jpeg(image: Image.Image, quality: int) -> ContentFile[bytes]:
    buffer = io.BytesIO()
    optimize = image.width * image.height <= MAX_OPTIMIZED_PIXELS
    image.save(buffer, "JPEG", quality=quality, subsampling=0, optimize=optimize)
    return ContentFile(buffer.getvalue())


def delete_files(names: list[str]) -> None:
    """Remove stored files; one that cannot be removed is logged and does not stop the others."""
    for name in names:
        try:
            default_storage.delete(name)
        except OSError:
            logger.exception("Could not delete the stored file %s", name)
