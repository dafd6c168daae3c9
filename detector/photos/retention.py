"""Erase photos whose retention time has ended."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from detector.models import Photo, User
from detector.photos import erasure


def erase_outlived(now: datetime) -> int:
    """Erase the photos that are older than their owners want. Return how many.

    Each photo has its own transaction, so an interrupted run loses nothing. The time counts
    from the upload, not from the capture. Photos in the trash are erased, too.
    """
    erased = 0
    for owner in User.objects.exclude(keep_photos_days=None):
        for photo in list(_outlived(owner, now)):
            erasure.delete_photo(photo)
            erased += 1
    return erased


def count_outlived(owner: User, now: datetime) -> int:
    """Return how many photos the next run will erase."""
    return _outlived(owner, now).count()


def _outlived(owner: User, now: datetime) -> QuerySet[Photo]:
    photos = Photo.objects.filter(owner=owner)
    if owner.keep_photos_days is None:
        return photos.none()
    return photos.filter(uploaded_at__lt=now - timedelta(days=owner.keep_photos_days))
