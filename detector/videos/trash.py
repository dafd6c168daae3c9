"""Videos in the trash: hidden, and still restorable. An analysis under way is finished."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from detector.common import clock
from detector.models import User, Video


def discard(owner: User, video_ids: Iterable[UUID]) -> int:
    """Move an owner's videos to the trash. Return how many were not there yet."""
    videos = Video.objects.filter(owner=owner, pk__in=list(video_ids), deleted_at=None)
    return videos.update(deleted_at=clock.now())


def restore(owner: User, video_ids: Iterable[UUID]) -> int:
    """Restore an owner's videos from the trash. Return how many were there."""
    videos = Video.objects.filter(owner=owner, pk__in=list(video_ids))
    return videos.exclude(deleted_at=None).update(deleted_at=None)


def empty(before: datetime) -> int:
    """Erase the videos that were in the trash at this moment. Return how many."""
    old = Video.objects.filter(deleted_at__lte=before).values_list("pk", flat=True)
    return sum(_erase(video_id, before) for video_id in list(old))


def empty_of(owner: User) -> int:
    """Erase all videos that are in an owner's trash now. Return how many."""
    now = clock.now()
    old = Video.objects.filter(owner=owner, deleted_at__lte=now).values_list("pk", flat=True)
    return sum(_erase(video_id, now) for video_id in list(old))


@transaction.atomic
def _erase(video_id: UUID, before: datetime) -> bool:
    # Checked again under the lock: it may have been restored.
    video = Video.objects.select_for_update().filter(pk=video_id, deleted_at__lte=before).first()
    if video is None:
        return False
    video.delete()
    return True
