"""Queries of photos, always scoped to the owner."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from detector.common.distinct import distinct_values
from detector.models import (
    Photo,
    PhotoTag,
    User,
    Video,
)


def photos_of(owner: User) -> QuerySet[Photo]:
    """Return an owner's photos, except those in the trash."""
    return Photo.objects.filter(owner=owner, deleted_at=None)


def tag_names_of(owner: User) -> list[str]:
    """Return the distinct tags of an owner, sorted."""
    tags = PhotoTag.objects.filter(owner=owner, photo__deleted_at=None)
    return distinct_values(tags, "name")


def trash_of(owner: User) -> QuerySet[Photo]:
    """Return an owner's photos in the trash, the last deleted first."""
    return Photo.objects.filter(owner=owner, deleted_at__isnull=False).order_by("-deleted_at")


@dataclass(frozen=True)
class Usage:
    """What a user stores, the trash included; `bytes` of photos and videos."""

    photos: int
    bytes: int
    videos: int = 0


def usage(owner: User) -> Usage:
    """Return how much of the quotas a user uses."""
    total = Photo.objects.filter(owner=owner).aggregate(n=Count("pk"), size=Sum("stored_bytes"))
    videos = Video.objects.filter(owner=owner).aggregate(n=Count("pk"), size=Sum("stored_bytes"))
    return Usage(total["n"], (total["size"] or 0) + (videos["size"] or 0), videos["n"])
