"""The one clock of an installation: the database's.

The clocks of hosts differ, some by hours. So every time that one process stores and another
compares with now is read from here: leases, due times, heartbeats, retention. Python's own clock
is only for durations within one process.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, Func
from django.db.models.functions import Now
from django.db.models.sql.compiler import SQLCompiler

POSTGRESQL: Final = "SELECT STATEMENT_TIMESTAMP()"
SQLITE: Final = "SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'now')"
"""Precise to the millisecond: https://www.sqlite.org/lang_datefunc.html"""
REST_OF_A_MILLISECOND: Final = timedelta(microseconds=999)

NOW: Final = Now()
"""The same clock as an expression inside a query. It saves a query where pages poll often."""


class Moment(Func):
    """The same time as `now()` in a query, which saves one of its own. Call `moment()`."""

    output_field = DateTimeField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> Any:
        """Return the SQL for SQLite: the end of the millisecond."""
        template = self.sql(connection).replace("%%", "%%%%")
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> Any:
        """Return the SQL for PostgreSQL."""
        return self.as_sql(compiler, connection, template=self.sql(connection), **context)

    def sql(self, connection: BaseDatabaseWrapper) -> str:
        """Return the SQL for a statement with parameters that is written out."""
        if connection.vendor == "sqlite":
            return "(STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now') || '999')"
        return "STATEMENT_TIMESTAMP()"


def moment() -> Moment:
    """Return the expression for the database's time within a query."""
    return Moment()


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
