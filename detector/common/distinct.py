"""Select the distinct values of a column without reading every row."""

from typing import Any

from django.db import connections
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL


def distinct_values(rows: QuerySet[Any], column: str) -> list[str]:
    """Return the distinct values of a column in these rows, sorted.

    This is a loose index scan: it looks up the smallest value, then repeatedly the smallest value
    that is greater. With an index on the columns that `rows` filters by, followed by `column`,
    each lookup is one step. SELECT DISTINCT reads all index entries, on PostgreSQL and on SQLite.
    """
    ordered = rows.order_by(column).values(column)
    greater = ordered.filter(**{f"{column}__gt": RawSQL("found.value", [])})
    smallest, first_params = ordered[:1].query.sql_with_params()
    next_value, next_params = greater[:1].query.sql_with_params()
    # The ORM made both parts; values stay query parameters.
    sql = f"""
        WITH RECURSIVE found(value) AS (
            SELECT ({smallest})
            UNION ALL
            SELECT ({next_value}) FROM found WHERE found.value IS NOT NULL
        )
        SELECT value FROM found WHERE value IS NOT NULL
    """  # noqa: S608
    with connections[rows.db].cursor() as cursor:
        cursor.execute(sql, [*first_params, *next_params])
        return [value for (value,) in cursor.fetchall()]
