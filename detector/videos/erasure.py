"""Delete videos, or their files alone: rows in one transaction, files after its commit."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_delete
from django.dispatch import receiver

from detector.common import audit, storage
from detector.enums import UNDER_WAY, Status
from detector.exceptions import DetectorError
from detector.models import User, Video, VideoStill, VideoUploadPart
from detector.photos import images, retention

STILL_NEEDED = DetectorError(
    "not_finished", "The video is still analysed. Its file is needed until that has ended."
)


def delete_video(video: Video) -> None:
    """Delete a video with its timeline, stills and file.

    A segment that is running finds no row at its end, and stores nothing.
    """
    with transaction.atomic():
        locked = Video.objects.select_for_update().filter(pk=video.pk).first()
        if locked is not None:
            locked.delete()


def delete_file(video: Video, *, stills: bool = False) -> None:
    """Delete the file of a finished video and keep its timeline; its `stills` as well on request.

    Raises DetectorError `not_finished`.
    """
    # The file of a video never changes: ask the storage before the transaction.
    size = _counted_bytes(video)
    with transaction.atomic():
        locked = Video.objects.select_for_update().filter(pk=video.pk).first()
        if locked is None:
            return
        if locked.status not in (Status.DONE, Status.FAILED):
            raise STILL_NEEDED
        name = str(locked.file.name or "")
        locked.file = ""
        locked.stored_bytes = max(locked.stored_bytes - size, 0) if name else locked.stored_bytes
        if stills:
            had_stills = VideoStill.objects.filter(video=video).delete()[0] > 0
            # Those that would have become stills: a failed video keeps them for the next attempt.
            locked.segments.exclude(pictures=[]).update(pictures=[])
            locked.stored_bytes = 0
            if name or had_stills:
                audit.record_erasure_of_part(locked, "videostills")
        elif name:
            audit.record_erasure_of_part(locked, "videofile")
        locked.save(update_fields=["file", "stored_bytes"])
        if name:
            transaction.on_commit(lambda: images.delete_files([name]))


def _counted_bytes(video: Video) -> int:
    """Return the bytes that a video's file counts; of a lost one what its stills do not count."""
    if not video.file:
        return 0
    if not storage.is_lost(video.file):
        return int(video.file.size)
    pictures = [still.picture for still in video.stills.all()]
    stills = sum(picture.size for picture in pictures if not storage.is_lost(picture))
    return max(video.stored_bytes - stills, 0)


def erase_outlived(now: datetime) -> int:
    """Erase the videos that are older than their owners want. Return how many.

    As with photos, the time counts from the upload.
    """
    return retention.erase_each(_outlived, delete_video, now)


def count_outlived(owner: User, now: datetime) -> int:
    """Return how many videos the next run will erase."""
    return _outlived(owner, now).count()


def _outlived(owner: User, now: datetime) -> QuerySet[Video]:
    return retention.outlived_rows(Video.objects.all(), owner, now, since="uploaded_at")


def delete_file_again(video: Video, *, stills: bool = False) -> None:
    """Delete the file of a restored video, or let it go at the end of an analysis under way."""
    if video.status in UNDER_WAY:
        Video.objects.filter(pk=video.pk).update(forget=True)
    else:
        delete_file(video, stills=stills)


@receiver(post_delete, sender=Video)
def leave_tombstone_of_video(
    sender: type[Video], instance: Video, origin: Any = None, **_: Any
) -> None:
    """Note that a video was erased. One of an erased account goes with the account's."""
    if isinstance(origin, Video) or getattr(origin, "model", None) is Video:
        audit.record_erasure(instance)


@receiver(post_delete, sender=Video)
def delete_file_of(sender: type[Video], instance: Video, **_: Any) -> None:
    """Delete the file of a video with its row, also where the account is deleted."""
    _delete_after_commit(instance.file)


@receiver(post_delete, sender=VideoStill)
def delete_picture_of(sender: type[VideoStill], instance: VideoStill, **_: Any) -> None:
    """Delete the picture of a still with its row."""
    _delete_after_commit(instance.picture)


@receiver(post_delete, sender=VideoUploadPart)
def delete_file_of_part(sender: type[VideoUploadPart], instance: VideoUploadPart, **_: Any) -> None:
    """Delete the file of a part of an upload with its row."""
    _delete_after_commit(instance.file)


def _delete_after_commit(file: Any) -> None:
    if file:
        name = str(file.name)
        transaction.on_commit(lambda: images.delete_files([name]))
