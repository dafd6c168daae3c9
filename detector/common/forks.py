"""No process forks with an open SQLite connection.

A child inherits SQLite's record of its locks but not the locks: as soon as either side closes its
connection they disagree about the write-ahead log, and the file is destroyed
(https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_file_across_a_fork_).
Before a fork the connections that the forking thread may close are closed. A child that finds
another still open ends at once. Programs started by `subprocess` are not concerned: they replace
themselves before anything of SQLite's runs in them.
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
    """Watch every connection from now on."""
    connection_created.connect(_note, dispatch_uid="detector.common.forks")
    os.register_at_fork(before=_close_idle, after_in_child=_end_if_open)


def _note(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        _opened.add(connection)


def _open_ones() -> list[BaseDatabaseWrapper]:
    # A database in memory has no file that could be destroyed.
    return [
        wrapper
        for wrapper in list(_opened)
        if wrapper.connection is not None and not wrapper.is_in_memory_db()  # type: ignore[attr-defined]
    ]


def _close_idle() -> None:
    """Close what this thread has open and is not in the middle of a transaction with."""
    ours = threading.get_ident()
    for wrapper in _open_ones():
        if wrapper._thread_ident == ours and not wrapper.in_atomic_block:  # type: ignore[attr-defined]
            wrapper.close()


def _end_if_open() -> None:
    if _open_ones():
        sys.stderr.write(
            "This process was forked while a SQLite connection was open, which destroys the "
            "database. It ends. Start a program instead, or close the connection first.\n"
        )
        sys.stderr.flush()
        os._exit(os.EX_SOFTWARE)
