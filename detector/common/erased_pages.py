"""Leave nothing of erased rows in the files of SQLite's database.

`PRAGMA secure_delete` of the settings overwrites what a page loses. But SQLite's log (`-wal`) holds
pages as they were, until others are written over them. PostgreSQL cleans up by itself (autovacuum).
"""

import logging
from typing import Final

from django.db import connection

logger = logging.getLogger(__name__)

PATIENCE: Final = 1000
"""Milliseconds for which readers and writers are waited for."""


def empty_log() -> bool:
    """Write SQLite's log into the database, and cut it off. Return whether nothing is left in it.

    Call it outside of transactions. Where others read or write for longer than `PATIENCE`, the log
    stays until the next call.
    """
    if connection.vendor != "sqlite":
        return True
    if connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        [before] = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        try:
            is_busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before:d}")
    if is_busy:
        logger.info("SQLite's log is in use, and keeps pages with what was erased for now")
    return not is_busy
