"""The different values of a column, without a look at every row."""

from typing import Any

from django.db import connections
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL


def distinct_values(rows: QuerySet[Any], column: str) -> list[str]:
    """Each value that a column has in these rows, in order.

    A loose index scan: the least value, then each time the least that is greater, so that an index
    that begins with what `rows` asks for and goes on with the column gives each in one step.
    Neither PostgreSQL nor SQLite does that for SELECT DISTINCT, which reads all entries.
    """
    ordered = rows.order_by(column).values(column)
    beyond = ordered.filter(**{f"{column}__gt": RawSQL("found.value", [])})
    least, of_first = ordered[:1].query.sql_with_params()
    following, of_next = beyond[:1].query.sql_with_params()
    # Both parts are what the ORM made; values stay parameters.
    sql = f"""
        WITH RECURSIVE found(value) AS (
            SELECT ({least})
            UNION ALL
            SELECT ({following}) FROM found WHERE found.value IS NOT NULL
        )
        SELECT value FROM found WHERE value IS NOT NULL
    """  # noqa: S608
    with connections[rows.db].cursor() as cursor:
        cursor.execute(sql, [*of_first, *of_next])
        return [value for (value,) in cursor.fetchall()]
