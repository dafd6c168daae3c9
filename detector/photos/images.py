"""Image files of photos: check uploads, make the stored copies, delete files."""

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
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from detector.common import clock, statements, storage, words
from detector.exceptions import DetectorError
from detector.models import Photo
from detector.photos import quotas
from ml import image_pixels, memory
from ml import images as decoder

logger = logging.getLogger(__name__)

DECODING = threading.BoundedSemaphore(2)
"""Limits how many images are decoded at once: a large WebP takes 750 MB."""

PATIENCE_SECONDS = 20
BUSY = DetectorError(
    "busy", "Too many photos are being checked. Try again in a moment.", permanent=False
)

FORGOTTEN = DetectorError(
    "picture_forgotten", "The picture was deleted after its analysis. Only the result was kept."
)

JPEG_QUALITY = 95
THUMBNAIL_SIDE = 480
THUMBNAIL_QUALITY = 82


@dataclass(frozen=True)
class CheckedUpload:
    """An upload that passed all checks; `width` and `height` are those of the upright image."""

    filename: str
    content: "UploadedFile[Any]"
    sha256: str
    format: str
    width: int
    height: int


def check_upload(file: "UploadedFile[Any]") -> CheckedUpload:
    """Check an upload: first its header, then that its data is intact.

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
    """Raise DetectorError where a file of this size is too large to accept."""
    try:
        decoder.check_size(size, limits())
    except decoder.ImageError as error:
        raise as_detector_error(error) from error


def _verify(stream: BinaryIO) -> None:
    with decoding_slot():
        decoder.verify(stream, limits())


@contextmanager
def decoding_slot() -> Iterator[None]:
    """Hold one of the decoding slots. Raises DetectorError `busy` where none becomes free."""
    if not DECODING.acquire(timeout=PATIENCE_SECONDS):
        raise BUSY
    try:
        yield
    finally:
        DECODING.release()


def limits() -> decoder.Limits:
    """Return the limits from the settings."""
    return decoder.Limits(settings.UPLOAD_MAX_BYTES, settings.UPLOAD_MAX_PIXELS)


def max_jpeg_pixels() -> int:
    """Return the maximum pixels of a JPEG: more, since it can be reduced while decoding."""
    return limits().max_pixels * decoder.JPEG_REDUCTION**2


def as_detector_error(error: decoder.ImageError) -> DetectorError:
    """Convert an ImageError to a DetectorError."""
    return DetectorError(error.code, error.message, details=error.details)


def short_name(filename: str) -> str:
    """Return the printable characters of a file name, cut to the length of its column."""
    return words.printable(filename)[-255:] or "photo"


def normalise(photo: Photo, *, is_first: bool = True) -> NDArray[np.uint8]:
    """Return the upright RGB pixels of a photo, (H, W, 3) uint8.

    The first call stores the upright copy and the thumbnail, and deletes the file as received with
    all metadata except the capture time. A photo to forget gets no copies. One that has a result
    already, so that it is not read for the first time, keeps its time, by which it is counted: a
    forgotten one that is kept again may tell another one in another time zone. Raises DetectorError
    where the file cannot be decoded, is gone, or was forgotten, and where the storage is away.
    """
    if photo.forgotten_at is not None:
        raise FORGOTTEN
    source = photo.image or photo.upload
    allowed = _limits_of_copies() if photo.image else limits()
    try:
        decoded = decoder.decode(io.BytesIO(storage.read(source)), allowed)
    except decoder.ImageError as error:
        raise as_detector_error(error) from error
    except FileNotFoundError as error:
        raise DetectorError("file_missing", "The stored file is gone.") from error
    if photo.forget:
        _update_row(photo, decoded, str(photo.upload.name), is_first)
    elif not photo.image:
        _store_copies(photo, decoded, is_first=is_first)
    # Before the analysis, which needs as much memory again.
    memory.give_back(decoded.rgb.size // 3)
    return decoded.rgb


def restore_upload(photo: Photo, checked: CheckedUpload) -> bool:
    """Store an upload again whose stored file, or the copy made of it, was lost.

    Return whether a copy was lost: then the caller has the photo analysed again, which makes it.
    """
    if photo.forgotten_at is not None or not storage.is_lost(photo.image or photo.upload):
        return False
    before, thumbnail = str(photo.image.name or ""), str(photo.thumbnail.name or "")
    storage.save(photo.upload, checked.content)
    name = str(photo.upload.name)
    # It may have been analysed, and forgotten, since the row was read.
    waiting = Photo.objects.filter(pk=photo.pk, image=before, forgotten_at=None)
    copies = {"image": "", "thumbnail": "", "stored_bytes": checked.content.size or 0}
    if not waiting.update(upload=name, **(copies if before else {})):
        delete_files([name])
        return False
    delete_files([thumbnail] if before and thumbnail else [])
    return bool(before)


def keep_again(photo: Photo, checked: CheckedUpload, *, forget: bool) -> bool:
    """Store the picture of a forgotten photo again. Return whether it was still forgotten.

    The caller has it analysed again, which makes the copies. Raises DetectorError `quota_exceeded`.
    """
    storage.save(photo.upload, checked.content)
    name = str(photo.upload.name)
    is_kept = is_complete = False
    try:
        with transaction.atomic():
            is_kept = _name_upload_again(photo, name, checked.content.size or 0, forget=forget)
            is_complete = True
    finally:
        # An error during the commit leaves it unknown whether the row names it, so the file stays.
        if not (is_kept and is_complete):
            delete_files([name])
    return is_kept


def _name_upload_again(photo: Photo, name: str, size: int, *, forget: bool) -> bool:
    # The photo is locked before its owner, as everyone does.
    forgotten = Photo.objects.filter(pk=photo.pk, forgotten_at__isnull=False)
    if forgotten.select_for_update(of=("self",)).first() is None:
        return False
    quotas.check_bytes(photo.owner_id, size)
    changed = forgotten.update(upload=name, stored_bytes=size, forget=forget, forgotten_at=None)
    return changed > 0


def _store_copies(photo: Photo, decoded: decoder.DecodedImage, *, is_first: bool) -> None:
    """Store both copies and put them into the row."""
    upload = str(photo.upload.name)
    try:
        # Without optimised Huffman tables, which take twice the time to save 7 % of the bytes.
        upright = ContentFile(image_pixels.jpeg(decoded.rgb, JPEG_QUALITY))
        shrunk = image_pixels.shrunk(decoded.rgb, THUMBNAIL_SIDE)
        small = ContentFile(image_pixels.jpeg(shrunk, THUMBNAIL_QUALITY))
        storage.save(photo.image, upright)
        storage.save(photo.thumbnail, small)
        photo.stored_bytes = upright.size + small.size
    except BaseException:
        delete_files(_copies(photo))
        raise
    # Even if this raises, the row may refer to the copies, so they are not deleted. If it does not,
    # they are removed as orphans later.
    was_updated = _update_row(photo, decoded, upload, is_first)
    delete_files([upload] if was_updated else _copies(photo))


def _limits_of_copies() -> decoder.Limits:
    """Return limits for our own copies, which may be larger than uploads may be.

    They must not be reduced while decoding, since bounding boxes are in their pixels.
    """
    return replace(limits(), max_bytes=sys.maxsize, max_pixels=decoder.MAX_SIDE**2)


def _copies(photo: Photo) -> list[str]:
    return [str(file.name) for file in (photo.image, photo.thumbnail) if file]


def _update_row(photo: Photo, decoded: decoder.DecodedImage, upload: str, is_first: bool) -> bool:
    """Put the copies, if there are any, and the facts into the row. Return whether it changed.

    Of two concurrent attempts, the second finds that the row no longer has the upload.
    """
    captured_at = _aware(decoded.captured_at, photo) or photo.captured_at
    times = {"captured_at": captured_at, "taken_at": captured_at or photo.uploaded_at}
    height, width = decoded.rgb.shape[:2]
    if not upload:
        return False
    copies = {
        "upload": "",
        "image": photo.image.name,
        "thumbnail": photo.thumbnail.name,
        "stored_bytes": photo.stored_bytes,
    }
    facts = {"width": width, "height": height, "frame": decoded.frame}
    changes = facts | ({} if photo.forget else copies) | (times if is_first else {})
    return statements.update(Photo, changes, {"id": photo.pk, "upload": upload}) > 0


def _aware(captured_at: datetime | None, photo: Photo) -> datetime | None:
    """Return an aware capture time: a naive one is in the owner's zone, a future one is dropped."""
    if captured_at is None:
        return None
    if timezone.is_naive(captured_at):
        captured_at = timezone.make_aware(captured_at, photo.owner.zone)
    return captured_at if captured_at <= clock.now() else None


def delete_files(names: list[str]) -> None:
    """Delete stored files. A failure is logged and does not stop the others."""
    for name in names:
        try:
            default_storage.delete(name)
        except OSError:
            logger.exception("Could not delete the stored file %s", name)
