"""Keep processes from forking with an open SQLite connection.

A child inherits SQLite's record of its locks but not the locks themselves. As soon as either
process closes its connection, the two disagree about the write-ahead log, and the file is
corrupted (https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_file_across_a_fork_).
So the forking thread closes its idle connections before the fork. A child that finds a connection
still open exits at once. `subprocess` is safe: the child calls exec before any SQLite code runs.
"""

import os
import sys
import threading
import weakref
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_opened: "weakref.WeakSet[BaseDatabaseWrapper]" = weakref.WeakSet()


def guard() -> None:
    """Watch every connection that is opened from now on."""
    connection_created.connect(_track, dispatch_uid="detector.common.forks")
    os.register_at_fork(before=_close_idle, after_in_child=_end_if_open)


def _track(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        _opened.add(connection)


def _open_connections() -> list[BaseDatabaseWrapper]:
    # A database in memory has no file that could be corrupted.
    return [
        wrapper
        for wrapper in list(_opened)
        if wrapper.connection is not None and not wrapper.is_in_memory_db()  # type: ignore[attr-defined]
    ]


def _close_idle() -> None:
    """Close the connections of this thread that are not inside a transaction."""
    ours = threading.get_ident()
    for wrapper in _open_connections():
        if wrapper._thread_ident == ours and not wrapper.in_atomic_block:  # type: ignore[attr-defined]
            wrapper.close()


def _end_if_open() -> None:
    if _open_connections():
        sys.stderr.write(
            "This process was forked while a SQLite connection was open, which can corrupt the "
            "database, so it exits. Use subprocess, or close the connection first.\n"
        )
        sys.stderr.flush()
        os._exit(os.EX_SOFTWARE)
