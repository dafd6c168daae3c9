"""Reads of photos, scoped to their owner first."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from detector.common.distinct import distinct_values
from detector.models import (
    Photo,
    PhotoTag,
    User,
)


def photos_of(owner: User) -> QuerySet[Photo]:
    """All photos of an owner but those in the bin."""
    return Photo.objects.filter(owner=owner, deleted_at=None)


def tag_names_of(owner: User) -> list[str]:
    """Every tag that an owner uses, once."""
    tags = PhotoTag.objects.filter(owner=owner, photo__deleted_at=None)
    return distinct_values(tags, "name")


def trash_of(owner: User) -> QuerySet[Photo]:
    """An owner's photos in the bin, the last deleted first."""
    return Photo.objects.filter(owner=owner, deleted_at__isnull=False).order_by("-deleted_at")


@dataclass(frozen=True)
class Usage:
    """How much a person keeps, the bin included."""

    photos: int
    bytes: int


def usage(owner: User) -> Usage:
    """How much of their quotas a person uses."""
    total = Photo.objects.filter(owner=owner).aggregate(n=Count("pk"), size=Sum("stored_bytes"))
    return Usage(total["n"], total["size"] or 0)
