"""What the platform cannot work without and what is sometimes away: storage and database."""

import errno
import sqlite3
from collections.abc import Iterator
from typing import Final

from django.db import InterfaceError, OperationalError

from detector.exceptions import OutageError

STORAGE_AWAY: Final = OutageError(
    "storage_unavailable", "Photos cannot be stored or read at this moment."
)
DATABASE_AWAY: Final = OutageError(
    "database_unavailable", "The site cannot reach its data at this moment."
)

OF_A_DISK: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOTCONN}
)
"""Full, no quota left, read-only, broken, or a network's that does not answer."""


def outage_in(error: BaseException | None) -> OutageError | None:
    """Return what is away where an error, or one that led to it, says so."""
    for one in _with_causes(error):
        if isinstance(one, OutageError):
            return one
        if isinstance(one, OSError) and one.errno in OF_A_DISK:
            return STORAGE_AWAY
        if isinstance(one, OperationalError | InterfaceError) and not _is_wrong_sql(one):
            return DATABASE_AWAY
    return None


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_wrong_sql(error: Exception) -> bool:
    """SQLite says of a missing table, too, that it is operational; that never passes."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_ERROR
