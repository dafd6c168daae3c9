"""The bin: photos that were deleted and can still be brought back.

What lies in it is seen nowhere and counts nowhere; an analysis under way is finished all the
same, so that a photo that comes back is complete.
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
    """Put an owner's photos into the bin; how many were not there yet."""
    photos = list(locks.lock_photos(owner, photo_ids).filter(deleted_at=None))
    for photo in photos:
        rollups.remove(photo)
    return _mark(photos, clock.now())


@transaction.atomic
def restore(owner: User, photo_ids: Iterable[UUID]) -> int:
    """Bring an owner's photos back from the bin; how many were in it."""
    photos = list(locks.lock_photos(owner, photo_ids).exclude(deleted_at=None))
    for photo in photos:
        rollups.add(photo)
    return _mark(photos, None)


def empty(before: datetime) -> int:
    """Erase for good what was put into the bin before this moment; how many photos.

    One transaction a photo: whoever brings one back waits for no other.
    """
    return _empty(Photo.objects.all(), before)


def empty_of(owner: User) -> int:
    """Erase for good all that an owner's bin holds now; how many photos."""
    return _empty(Photo.objects.filter(owner=owner), clock.now())


def kept_since() -> datetime:
    """What was put into the bin before this moment has lain there long enough."""
    return clock.now() - timedelta(days=settings.BIN_DAYS)


def _empty(photos: QuerySet[Photo], before: datetime) -> int:
    old = photos.filter(deleted_at__lt=before).values_list("pk", flat=True)
    return sum(_erase(photo_id, before) for photo_id in list(old))


@transaction.atomic
def _erase(photo_id: UUID, before: datetime) -> bool:
    # Asked again under the lock: it may have been brought back. Statistics know nothing of it.
    photo = Photo.objects.select_for_update().filter(pk=photo_id, deleted_at__lt=before).first()
    if photo is None:
        return False
    photo.delete()
    return True


def _mark(photos: list[Photo], moment: datetime | None) -> int:
    return Photo.objects.filter(pk__in=[photo.pk for photo in photos]).update(deleted_at=moment)
