"""The trash (the "bin" on the pages): deleted photos that can still be restored.

Photos in it are hidden and not counted. An analysis under way is finished nevertheless, so that a
restored photo is complete.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from detector.common import clock, locks
from detector.insights import rollups
from detector.models import Photo, User


@transaction.atomic
def discard(owner: User, photo_ids: Iterable[UUID]) -> int:
    """Move an owner's photos to the trash. Return how many were not there yet."""
    photos = list(locks.lock_photos(owner, photo_ids).filter(deleted_at=None))
    for photo in photos:
        rollups.remove(photo)
    return _mark(photos, clock.now())


@transaction.atomic
def restore(owner: User, photo_ids: Iterable[UUID]) -> int:
    """Restore an owner's photos from the trash. Return how many were there."""
    photos = list(locks.lock_photos(owner, photo_ids).exclude(deleted_at=None))
    for photo in photos:
        rollups.add(photo)
    return _mark(photos, None)


def empty(before: datetime) -> int:
    """Erase the photos that were in the trash at this moment. Return how many.

    Each photo has its own transaction, so that restoring another one need not wait.
    """
    return _empty(Photo.objects.all(), before)


def empty_of(owner: User) -> int:
    """Erase all photos that are in an owner's trash now. Return how many."""
    return _empty(Photo.objects.filter(owner=owner), clock.now())


def kept_since() -> datetime:
    """Return the moment before which photos in the trash are due for erasure."""
    return clock.now() - timedelta(days=settings.BIN_DAYS)


def _empty(photos: QuerySet[Photo], before: datetime) -> int:
    old = photos.filter(deleted_at__lte=before).values_list("pk", flat=True)
    return sum(_erase(photo_id, before) for photo_id in list(old))


@transaction.atomic
def _erase(photo_id: UUID, before: datetime) -> bool:
    # Checked again under the lock: it may have been restored. It is not in the rollups.
    photo = Photo.objects.select_for_update().filter(pk=photo_id, deleted_at__lte=before).first()
    if photo is None:
        return False
    photo.delete()
    return True


def _mark(photos: list[Photo], moment: datetime | None) -> int:
    return Photo.objects.filter(pk__in=[photo.pk for photo in photos]).update(deleted_at=moment)
