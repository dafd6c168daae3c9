"""Erase an account, and say by a signed receipt what was deleted and that nothing is left."""

import logging
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Sum

from detector.accounts import owned, receipts, traces
from detector.accounts.identity import Identity, identity_of
from detector.common import clock, erased_pages
from detector.models import Photo, User, Video
from detector.photos import erasure, search

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Erased:
    """An account whose rows were deleted, and what is known of it for the search afterwards."""

    identity: Identity
    deleted: dict[str, Any]

    def receipt(self, *, full_search: bool = False) -> str:
        """Search for what is left, and return the signed receipt.

        Call it after the commit, which deletes the files. The sessions of all devices and the
        counts of rate limits go, too. `full_search` looks through all rows and files, else only
        those that belonged to the account are asked for. There is a receipt whatever fails: it
        names the places that could not be searched.
        """
        self._end_sessions()
        found = traces.search(self.identity, full=full_search)
        if found.number:
            logger.warning("An erasure left traces: %s", found.as_dict())
        return receipts.signed(
            {
                "site": settings.SITE_URL,
                "erased": "account",
                "reference": receipts.reference_of(self.identity.user_id),
                "erased_at": clock.now().isoformat(timespec="seconds"),
                "deleted": self.deleted,
                "search": {"kind": "full" if full_search else "quick", **found.as_dict()},
            }
        )

    def _end_sessions(self) -> None:
        """End the sessions of all devices, and forget rate limits and the log of SQLite."""
        steps = (
            self._delete_sessions,
            lambda: cache.delete_many(self.identity.cache_keys),
            search.forget_erased,
            erased_pages.empty_log,
        )
        for step in steps:
            try:
                step()
            except traces.UNREACHABLE:
                logger.exception("An erasure could not end sessions or forget rate limits or a log")

    def _delete_sessions(self) -> None:
        Session.objects.filter(pk__in=list(traces.sessions_of(self.identity))).delete()


def erase_account(user: User, *, full_search: bool = False) -> str:
    """Erase a user with all data, and search for what is left. Return the signed receipt."""
    return delete(user, every_face=full_search).receipt(full_search=full_search)


def delete(user: User, *, every_face: bool = False) -> Erased:
    """Delete a user with all data. Whoever calls this owes a receipt, after the commit."""
    identity = identity_of(user, every_face=every_face)
    erased = Erased(identity, {**owned.counts(user), **_files(user)})
    erasure.delete_account(user)
    return erased


def _files(user: User) -> dict[str, Any]:
    """Return the bytes of all stored files."""
    of_photos = Photo.objects.filter(owner=user).aggregate(n=Sum("stored_bytes"))["n"] or 0
    of_videos = Video.objects.filter(owner=user).aggregate(n=Sum("stored_bytes"))["n"] or 0
    return {"bytes of stored files": of_photos + of_videos}
