"""Ids that may leave the system."""

import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A UUID of version 7: unguessable enough to show, ordered by time to page by (RFC 9562)."""
    return uuid.UUID(int=uuid7().int)
