"""Ids of rows that may be shown outside."""

import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """Return a new UUID of version 7 (RFC 9562): hard to guess, and ordered by time for paging."""
    return uuid7()
