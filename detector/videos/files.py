"""Files of videos: check uploads, open stored ones, start what samples their frames."""

import hashlib
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from detector.common import storage
from detector.exceptions import DetectorError
from detector.models import Video
from detector.photos import images
from detector.videos import copies
from ml.videos import process
from ml.videos.errors import VideoError
from ml.videos.types import Limits, VideoInfo

PIECE: Final = 2**20
MEDIA_TYPES: Final = {
    "MP4": "video/mp4",
    "MOV": "video/quicktime",
    "WEBM": "video/webm",
    "MKV": "video/x-matroska",
    "AVI": "video/x-msvideo",
}
"""By the format of a video."""
CHECKS = threading.BoundedSemaphore(2)
"""Limits how many videos are checked at once. Photos have places of their own: to check a costly
video may take minutes."""
BUSY = DetectorError(
    "busy", "Too many videos are being checked. Try again in a moment.", permanent=False
)
MISSING = DetectorError("file_missing", "The stored file is gone.")


@dataclass(frozen=True)
class CheckedVideo:
    """An upload that passed all checks."""

    filename: str
    content: "UploadedFile[Any]"
    sha256: str
    info: VideoInfo


def limits() -> Limits:
    """Return the limits from the settings."""
    return Limits(
        max_bytes=settings.VIDEO_MAX_BYTES,
        max_seconds=settings.VIDEO_MAX_DURATION,
        max_pixels=settings.VIDEO_MAX_PIXELS,
        cpu_seconds=settings.VIDEO_CPU_SECONDS,
        memory_bytes=settings.VIDEO_MEMORY_BYTES,
    )


def check_upload(upload: "UploadedFile[Any]") -> CheckedVideo:
    """Check an upload in a process of its own. Raises DetectorError with a code of `VideoError`."""
    with _real_file(upload) as file, place_to_check():
        try:
            info = process.inspect(file, limits())
        except VideoError as error:
            raise as_detector_error(error) from error
    digest = hashlib.sha256()
    for chunk in upload.chunks(PIECE):
        digest.update(chunk)
    upload.seek(0)
    name = images.short_name(upload.name or "video")
    return CheckedVideo(name, upload, digest.hexdigest(), info)


@contextmanager
def place_to_check() -> Iterator[None]:
    """Hold a place to check a video. Raises DetectorError `busy` where none becomes free."""
    if not CHECKS.acquire(timeout=images.PATIENCE_SECONDS):
        raise BUSY
    try:
        yield
    finally:
        CHECKS.release()


def decoder(video: Video) -> process.Decoder:
    """Start a process that samples a stored video. Raises DetectorError where it cannot be read."""
    with stored(video) as file:
        try:
            return process.Decoder(file, rate=video.rate, side=settings.VIDEO_SIDE, limits=limits())
        except VideoError as error:
            raise as_detector_error(error) from error


@contextmanager
def stored(video: Video) -> Iterator[BinaryIO]:
    """Open the file of a video. One that is not on a disk of this host is copied to one."""
    if not video.file:
        raise MISSING
    name, stored_in = str(video.file.name), video.file.storage
    try:
        with storage.translate_errors():
            content = stored_in.open(name, "rb") if storage.is_local(stored_in) else None
            file = cast(BinaryIO, content.file) if content else copies.opened(stored_in, name)
    except FileNotFoundError as error:
        raise MISSING from error
    with file:
        yield file


@contextmanager
def _real_file(upload: "UploadedFile[Any]") -> Iterator[BinaryIO]:
    """Yield a file that a process can inherit: small uploads are in memory."""
    upload.seek(0)
    try:
        upload.fileno()
    except OSError:
        with tempfile.TemporaryFile() as copy:
            for chunk in upload.chunks(PIECE):
                copy.write(chunk)
            copy.seek(0)
            yield cast(BinaryIO, copy)
        return
    yield cast(BinaryIO, upload.file)


def as_detector_error(error: VideoError) -> DetectorError:
    """Convert a VideoError to a DetectorError."""
    return DetectorError(error.code, error.message, details=error.details)
