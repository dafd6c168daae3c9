"""The one clock of an installation: the database's.

Hosts disagree about the time, some by hours. Whatever one process writes down and another compares
with now (leases, what is due, signs of life, how long something is kept) is read from here, so that
the clock of a host decides nothing. Python's own clock is for what one process measures alone.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models.functions import Now

POSTGRESQL: Final = "SELECT STATEMENT_TIMESTAMP()"
SQLITE: Final = "SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'now')"
"""To the millisecond: https://www.sqlite.org/lang_datefunc.html"""
REST_OF_A_MILLISECOND: Final = timedelta(microseconds=999)

NOW: Final = Now()
"""The same clock inside a query, for conditions that pages ask for again and again."""


def now() -> datetime:
    """Return the database's time, aware and in UTC, as Django stores moments.

    SQLite cuts off microseconds; the end of its millisecond is returned, so that no moment that
    was written before lies after it.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute(POSTGRESQL)
            moment: datetime = cursor.fetchone()[0]
            return moment.astimezone(UTC)
        cursor.execute(SQLITE)
        text: str = cursor.fetchone()[0]
        return datetime.fromisoformat(text).replace(tzinfo=UTC) + REST_OF_A_MILLISECOND
