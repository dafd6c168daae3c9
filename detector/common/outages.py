"""Recognise outages of the storage and of the database."""

import errno
import sqlite3
from collections.abc import Iterator
from typing import Final

from django.db import InterfaceError, InternalError, OperationalError, connection

from detector.exceptions import OutageError

DISK_ERRNOS: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOTCONN}
)
"""Disk full, quota exceeded, read-only, I/O error, or a network disk that does not answer."""
READ_ONLY: Final = "25006"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html, `read_only_sql_transaction`."""


def storage_away() -> OutageError:
    """Return a new error that says that the storage is away.

    It must be new each time: an exception raised twice keeps its first traceback and cause.
    """
    return OutageError("storage_unavailable", "Photos cannot be stored or read at this moment.")


def database_away() -> OutageError:
    """Return a new error that says that the database is away."""
    return OutageError("database_unavailable", "The site cannot reach its data at this moment.")


def outage_in(error: BaseException | None) -> OutageError | None:
    """Return the outage that an error, or one of its causes, tells of; else None."""
    for link in _with_causes(error):
        if isinstance(link, OutageError):
            return link
        if isinstance(link, OSError) and link.errno in DISK_ERRNOS:
            return storage_away()
        if isinstance(link, OperationalError | InterfaceError) and not _is_wrong_sql(link):
            return database_away()
        if isinstance(link, InternalError) and _is_read_only(link):
            return database_away()
    return None


def drop_dead_connection() -> None:
    """Close an unusable database connection, so that the next query opens a new one."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def drop_connection() -> None:
    """Close the database connection after an error that nobody expected.

    What spoilt it may be kept with it, such as a prepared query of a column that has another type
    now. The next query opens a new one.
    """
    if not connection.in_atomic_block:
        connection.close()


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        yield error
        seen.append(error)
        error = error.__cause__ or error.__context__


def _is_read_only(error: Exception) -> bool:
    """Return whether PostgreSQL refused to write: this server has another one for that now."""
    return getattr(error.__cause__, "sqlstate", None) == READ_ONLY


def _is_wrong_sql(error: Exception) -> bool:
    """Return whether SQLite rejected the SQL: it raises OperationalError for that as well."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_ERROR
