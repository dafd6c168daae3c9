"""Rows that are held while several are changed together.

Everyone locks photos, the newest first, before their owner, and both before anything is counted:
so nobody waits for someone who waits for him.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from detector.models import Photo, User


def photos_held(owner: User, photo_ids: Iterable[UUID]) -> QuerySet[Photo]:
    """An owner's photos among these ids, the bin's too, held until the transaction ends."""
    held = Photo.objects.select_for_update(of=("self",)).order_by("-id")
    return held.filter(owner=owner, pk__in=list(photo_ids))


def owner_held(owner_id: UUID) -> User:
    """An owner as of now, held until the transaction ends; after their photos."""
    return User.objects.select_for_update(no_key=True).get(pk=owner_id)
