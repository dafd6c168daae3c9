"""Erase photos, and other rows, that have outlived the retention time of their owner."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Model, QuerySet

from detector.models import Photo, User
from detector.photos import erasure

RowT = TypeVar("RowT", bound=Model)


def erase_outlived(now: datetime) -> int:
    """Erase the photos that are older than their owners want. Return how many.

    The time counts from the upload, not from the capture. Photos in the trash are erased, too.
    """
    return erase_each(_outlived, erasure.delete_photo, now)


def count_outlived(owner: User, now: datetime) -> int:
    """Return how many photos the next run will erase."""
    return _outlived(owner, now).count()


def erase_each(
    outlived: Callable[[User, datetime], QuerySet[RowT]],
    erase: Callable[[RowT], object],
    now: datetime,
) -> int:
    """Erase what `outlived` returns of each owner. Return how many rows that were.

    Each row has its own transaction, so an interrupted run loses nothing. The wish of the owner is
    asked for before each: a run takes minutes, and whoever changes it meanwhile keeps the rest.
    """
    erased = 0
    for owner in User.objects.exclude(keep_photos_days=None):
        for row in list(outlived(owner, now)):
            present = User.objects.filter(pk=owner.pk).first()
            if present is None or not outlived(present, now).filter(pk=row.pk).exists():
                continue
            erase(row)
            erased += 1
    return erased


def outlived_rows(
    rows: QuerySet[RowT], owner: User, now: datetime, *, since: str
) -> QuerySet[RowT]:
    """Return an owner's rows whose field `since` is longer ago than the owner keeps photos."""
    if owner.keep_photos_days is None:
        return rows.none()
    oldest = now - timedelta(days=owner.keep_photos_days)
    return rows.filter(owner=owner, **{f"{since}__lt": oldest})


def _outlived(owner: User, now: datetime) -> QuerySet[Photo]:
    return outlived_rows(Photo.objects.all(), owner, now, since="uploaded_at")
