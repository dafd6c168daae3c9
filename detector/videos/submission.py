"""Accept videos: check and store them, and queue their segments."""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F

from detector.common import clock, storage
from detector.enums import Status
from detector.exceptions import DetectorError
from detector.models import User, Video
from detector.photos import images, quotas
from detector.videos import erasure, files, queueing, segments, trash
from detector.videos.files import CheckedVideo
from ml.videos.types import working_size

ACCOUNT_GONE = DetectorError("account_gone", "This account is being deleted.")


def submit(
    owner: User, file: "UploadedFile[Any]", *, forget: bool | None = None
) -> tuple[Video, bool]:
    """Store a video and queue its analysis. Return the video and whether it is new.

    With `forget` only the timeline is kept; by default the owner's preference says so.
    A file that the owner already has is not stored twice: its video is restored from the trash if
    it was there, and one that failed is tried again. Raises DetectorError where the file is no
    readable video; then nothing is stored.
    """
    wish = owner.forget_pictures if forget is None else forget
    checked = files.check_upload(file)
    known = _restored(owner, checked.sha256, forget=wish)
    if known is not None:
        return _renewed(known, checked, forget=wish), False
    video = _video(owner, checked, forget=wish)
    # Store the file before the row that names it, and outside the transaction.
    storage.save(video.file, checked.content)
    try:
        _create_rows(video)
    except IntegrityError as error:
        # A concurrent upload of the same file won, or the account was deleted.
        images.delete_files([str(video.file.name)])
        known = _restored(owner, checked.sha256, forget=wish)
        if known is None:
            raise ACCOUNT_GONE from error
        return known, False
    return video, True


def _create_rows(video: Video) -> None:
    is_complete = False
    try:
        with transaction.atomic():
            quotas.check_video(video)
            video.save(force_insert=True)
            segments.create(video)
            queueing.send_after_commit(video)
            is_complete = True
    except IntegrityError:
        raise
    except BaseException:
        # An error during the commit leaves it unknown whether the row exists, so the file stays.
        if not is_complete:
            images.delete_files([str(video.file.name)])
        raise


def _renewed(video: Video, checked: CheckedVideo, *, forget: bool) -> Video:
    """Store the file again where it was deleted or lost, and try a failed analysis again.

    A timeline that is to be kept alone needs no file.
    """
    needs_file = not (forget and video.status == Status.DONE)
    if needs_file and (not video.file or storage.is_lost(video.file)):
        _store_again(video, checked, forget=forget)
        video.refresh_from_db()
    if queueing.retry(video):
        video.refresh_from_db()
    return video


def _store_again(video: Video, checked: CheckedVideo, *, forget: bool) -> None:
    """Store the file of a known video that has none. Raises DetectorError `quota_exceeded`.

    The bytes of one that was lost are counted already, and its owner's wish is known.
    """
    before = str(video.file.name or "")
    storage.save(video.file, checked.content)
    name, size = str(video.file.name), checked.content.size or 0
    counted = {} if before else {"stored_bytes": F("stored_bytes") + size, "forget": forget}
    changed, is_complete = 0, False
    try:
        with transaction.atomic():
            if not before:
                quotas.check_bytes(video.owner_id, size)
            present = Video.objects.filter(pk=video.pk, file=before)
            changed = present.update(file=name, **counted)
            is_complete = True
    finally:
        # An error during the commit leaves it unknown whether the row names it, so the file stays.
        if not (changed and is_complete):
            images.delete_files([name])


def _restored(owner: User, sha256: str, *, forget: bool) -> Video | None:
    """Return a known video, after restoring it from the trash.

    Its file does not come back where only the timeline is wanted.
    """
    known = Video.objects.filter(owner=owner, sha256=sha256)
    video = known.first()
    if video is None or video.deleted_at is None:
        return video
    trash.restore(owner, [video.pk])
    # Read after that: it may have been erased meanwhile, or its analysis have ended.
    restored = known.first()
    if restored is None or not forget:
        return restored
    erasure.delete_file_again(restored, stills=True)
    return known.first()


def _video(owner: User, checked: CheckedVideo, *, forget: bool) -> Video:
    info = checked.info
    width, height = working_size(info.width, info.height, settings.VIDEO_SIDE)
    return Video(
        owner=owner,
        filename=checked.filename,
        sha256=checked.sha256,
        stored_bytes=checked.content.size or 0,
        format=info.format,
        codec=info.codec,
        duration=info.duration,
        frame_rate=info.frame_rate,
        width=width,
        height=height,
        rate=settings.VIDEO_SAMPLING_RATE,
        uploaded_at=clock.now(),
        forget=forget,
    )
