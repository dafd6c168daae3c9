"""What the platform cannot work without and what is sometimes away: storage and database."""

import errno
import sqlite3
from collections.abc import Iterator
from typing import Final

from django.db import InterfaceError, OperationalError, connection

from detector.exceptions import OutageError

OF_A_DISK: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOTCONN}
)
"""Full, no quota left, read-only, broken, or a network's that does not answer."""


def storage_away() -> OutageError:
    """Return an error that says that the storage is away.

    It is a new one each time. An error that is raised a second time would still carry the traceback
    and the cause of the first.
    """
    return OutageError("storage_unavailable", "Photos cannot be stored or read at this moment.")


def database_away() -> OutageError:
    """Return an error that says that the database is away; a new one each time, as above."""
    return OutageError("database_unavailable", "The site cannot reach its data at this moment.")


def outage_in(error: BaseException | None) -> OutageError | None:
    """Return what is away, if an error or one of its causes says so; else None."""
    for one in _with_causes(error):
        if isinstance(one, OutageError):
            return one
        if isinstance(one, OSError) and one.errno in OF_A_DISK:
            return storage_away()
        if isinstance(one, OperationalError | InterfaceError) and not _is_wrong_sql(one):
            return database_away()
    return None


def drop_dead_connection() -> None:
    """Let the next question to the database connect anew, where the connection is of no use."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        yield error
        seen.append(error)
        error = error.__cause__ or error.__context__


def _is_wrong_sql(error: Exception) -> bool:
    """SQLite says of a missing table, too, that it is operational; that never passes."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_ERROR
