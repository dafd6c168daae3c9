"""Erases the photos that their owners did not want to keep any longer."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from detector.models import Photo, User
from detector.photos import erasure


def erase_outlived(now: datetime) -> int:
    """Erase every photo that is older than its owner keeps photos; the number of them.

    One transaction a photo: a round that is cut short has done a part, and the next one goes on.
    The time counts from the upload, for an old picture may have been uploaded today. A photo in the
    bin goes, too.
    """
    erased = 0
    for owner in User.objects.exclude(keep_photos_days=None):
        for photo in list(_outlived(owner, now)):
            erasure.delete_photo(photo)
            erased += 1
    return erased


def count_outlived(owner: User, now: datetime) -> int:
    """How many photos the next round will erase."""
    return _outlived(owner, now).count()


def _outlived(owner: User, now: datetime) -> QuerySet[Photo]:
    photos = Photo.objects.filter(owner=owner)
    if owner.keep_photos_days is None:
        return photos.none()
    return photos.filter(uploaded_at__lt=now - timedelta(days=owner.keep_photos_days))
