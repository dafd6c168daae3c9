"""Uploads of videos in parts, which go on after a lost connection.

An upload is begun with the length of the file. Each part is appended at the offset that both sides
agree on. With the last one the file is submitted like any other. Until then nothing but the
owner's quota knows of it. Why so: docs/decisions/0037-resumable-uploads.md.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from detector.common import clock
from detector.exceptions import DetectorError
from detector.models import User, VideoUpload
from detector.photos import images, quotas
from detector.videos import parts, submission

MIN_PART_BYTES: Final = 64 * 2**10
"""Least size of a part that is not the last one: each is a file and a row."""
KEPT_AFTER: Final = frozenset({"quota_exceeded", "wrong_offset"})
"""Refusals after which the client or the owner can go on, so that the parts stay."""


def uploads_of(owner: User) -> QuerySet[VideoUpload]:
    """Return an owner's uploads that have not expired, the newest first."""
    return VideoUpload.objects.filter(owner=owner, expires_at__gt=clock.now())


def unfinished(owner: User) -> QuerySet[VideoUpload]:
    """Return those of which parts are missing."""
    return uploads_of(owner).filter(video=None)


def upload_of(owner: User, upload_id: UUID) -> VideoUpload | None:
    """Return an owner's upload; None where there is none, or it has expired."""
    return uploads_of(owner).filter(pk=upload_id).first()


@transaction.atomic
def begin(
    owner: User, *, filename: str, length: int, metadata: str = "", forget: bool | None = None
) -> VideoUpload:
    """Begin an upload. Raises DetectorError.

    Codes are `empty_file`, `upload_too_large`, `too_many_uploads`, `quota_exceeded` and
    `account_gone`.
    """
    if length < 1:
        raise DetectorError("empty_file", "The file is empty.")
    if length > settings.VIDEO_MAX_BYTES:
        raise DetectorError(
            "upload_too_large",
            f"The file is larger than {settings.VIDEO_MAX_BYTES / 2**20:g} MB.",
            details={"bytes": length, "max_bytes": settings.VIDEO_MAX_BYTES},
        )
    quotas.check_video_upload(owner, length)
    return VideoUpload.objects.create(
        owner=owner,
        filename=images.short_name(filename or "video"),
        metadata=metadata,
        forget=forget,
        length=length,
        created_at=clock.now(),
        expires_at=_expiry(),
    )


def append(upload: VideoUpload, offset: int, content: "UploadedFile[Any]") -> VideoUpload:
    """Append a part. With the last one, submit the video. Return the upload as it is then.

    Of several requests for the same offset one succeeds. A request that dies in between changes
    nothing, so the client sends its part again. Raises DetectorError: `wrong_offset`,
    `part_too_long`, `part_too_small`, or what `submission.submit` raises; where that will not
    pass, the upload is discarded.
    """
    if offset != upload.offset:
        raise _wrong_offset(upload)
    size = content.size or 0
    if size > upload.length - offset:
        raise DetectorError(
            "part_too_long",
            "The part goes beyond the length of the file.",
            details={"offset": upload.offset, "length": upload.length},
        )
    if offset + size == upload.length:
        # An upload that was complete before has nothing to append.
        return upload if upload.video_id else _finish(upload, content)
    if size < MIN_PART_BYTES:
        raise DetectorError(
            "part_too_small",
            f"A part has at least {MIN_PART_BYTES // 2**10} KB, unless it is the last one.",
            details={"min_bytes": MIN_PART_BYTES},
        )
    _add(upload, offset, size, content)
    upload.refresh_from_db()
    return upload


def discard(upload: VideoUpload) -> None:
    """Delete an upload with its parts. A video that it became stays."""
    # The rows of the parts go with it, and their files with those.
    VideoUpload.objects.filter(pk=upload.pk).delete()


def discard_expired() -> int:
    """Delete the uploads that were left alone for too long. Return how many.

    Each is asked for again: a part that was under way may have come meanwhile.
    """
    now = clock.now()
    expired = VideoUpload.objects.filter(expires_at__lte=now)
    found = list(expired.values_list("pk", flat=True))
    return sum(bool(expired.filter(pk=pk).delete()[0]) for pk in found)


def _add(upload: VideoUpload, offset: int, size: int, content: "UploadedFile[Any]") -> None:
    # Store the file before its row, and outside the transaction.
    part = parts.store(upload, offset, content)
    is_added = is_complete = False
    try:
        with transaction.atomic():
            is_added = bool(
                VideoUpload.objects.filter(pk=upload.pk, offset=offset).update(
                    offset=offset + size, expires_at=_expiry()
                )
            )
            if is_added:
                part.save(force_insert=True)
            is_complete = True
    except IntegrityError:
        is_added = False
    finally:
        # An error during the commit leaves it unknown whether the row exists, so the file stays.
        if not (is_added and is_complete):
            parts.remove(part)
    if not is_added:
        raise _wrong_offset(upload)


def _finish(upload: VideoUpload, last: "UploadedFile[Any]") -> VideoUpload:
    """Submit the whole file. Two that do it at once get the same video: it is known by content."""
    try:
        with parts.whole(upload, last, upload.filename) as file:
            if file.size != upload.length:
                # Another request has ended the upload meanwhile.
                raise _wrong_offset(upload)
            video, _ = submission.submit(upload.owner, file, forget=upload.forget)
    except DetectorError as error:
        if error.code == parts.LOST.code and _has_ended(upload):
            # Its parts went while they were read: another request has ended it meanwhile.
            raise _wrong_offset(upload) from error
        if error.permanent and error.code not in KEPT_AFTER:
            VideoUpload.objects.filter(pk=upload.pk, video=None).delete()
        raise
    with transaction.atomic():
        VideoUpload.objects.filter(pk=upload.pk).update(
            offset=upload.length, video=video, expires_at=_expiry()
        )
        for part in upload.parts.all():
            part.delete()
    upload.offset, upload.video = upload.length, video
    return upload


def _has_ended(upload: VideoUpload) -> bool:
    return VideoUpload.objects.filter(pk=upload.pk, video__isnull=False).exists()


def _wrong_offset(upload: VideoUpload) -> DetectorError:
    return DetectorError(
        "wrong_offset",
        "Another part is expected: ask for the offset and go on from there.",
        details={"offset": upload.offset},
    )


def _expiry() -> datetime:
    return clock.now() + timedelta(hours=settings.VIDEO_UPLOAD_HOURS)
