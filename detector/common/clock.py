"""The one clock of an installation: the database's.

The clocks of hosts differ, some by hours. So every time that one process stores and another
compares with now is read from here: leases, due times, heartbeats, retention. Python's own clock
is only for durations within one process.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models.functions import Now

POSTGRESQL: Final = "SELECT STATEMENT_TIMESTAMP()"
SQLITE: Final = "SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'now')"
"""Precise to the millisecond: https://www.sqlite.org/lang_datefunc.html"""
REST_OF_A_MILLISECOND: Final = timedelta(microseconds=999)

NOW: Final = Now()
"""The same clock as an expression inside a query. It saves a query where pages poll often."""


def now() -> datetime:
    """Return the database's time, timezone-aware and in UTC.

    SQLite truncates to milliseconds. The end of that millisecond is returned, so that no moment
    stored earlier lies in the future.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute(POSTGRESQL)
            moment: datetime = cursor.fetchone()[0]
            return moment.astimezone(UTC)
        cursor.execute(SQLITE)
        text: str = cursor.fetchone()[0]
        return datetime.fromisoformat(text).replace(tzinfo=UTC) + REST_OF_A_MILLISECOND
