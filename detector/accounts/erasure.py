"""Erase an account, and say by a signed receipt what was deleted and that nothing is left."""

import logging
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Sum

from detector.accounts import owned, receipts, traces
from detector.accounts.identity import identity_of
from detector.common import clock
from detector.models import Photo, User, Video
from detector.photos import erasure

logger = logging.getLogger(__name__)


def erase_account(user: User, *, full_search: bool = False) -> str:
    """Erase a user with all data, and search for what is left. Return the signed receipt.

    The sessions of all devices and the counts of rate limits go, too. `full_search` looks through
    all rows and files, else only those that belonged to the account are asked for.
    """
    identity = identity_of(user)
    deleted = {**owned.counts(user), **_files(user)}
    erasure.delete_account(user)
    Session.objects.filter(pk__in=list(traces.sessions_of(identity))).delete()
    cache.delete_many(identity.cache_keys)
    found = traces.search(identity, full=full_search)
    if found.number:
        logger.warning("An erasure left traces: %s", found.as_dict())
    return receipts.signed(
        {
            "site": settings.SITE_URL,
            "erased": "account",
            "reference": receipts.reference_of(identity.user_id),
            "erased_at": clock.now().isoformat(timespec="seconds"),
            "deleted": deleted,
            "search": {"kind": "full" if full_search else "quick", **found.as_dict()},
        }
    )


def _files(user: User) -> dict[str, Any]:
    """Return the bytes of all stored files."""
    of_photos = Photo.objects.filter(owner=user).aggregate(n=Sum("stored_bytes"))["n"] or 0
    of_videos = Video.objects.filter(owner=user).aggregate(n=Sum("stored_bytes"))["n"] or 0
    return {"bytes of stored files": of_photos + of_videos}
