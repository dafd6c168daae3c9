"""Queries and updates whose SQL is not built anew at each photo.

Django builds the SQL of a query each time: two milliseconds of processor time where it joins three
tables, half of one for an update. To run it takes a tenth of that.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.transaction import TransactionManagementError

from detector.common import clock

RowT = TypeVar("RowT", bound=Model)
KeyT = TypeVar("KeyT", UUID, int)

WITHOUT_WAITING: Final = """
    WITH without_waiting AS (SELECT set_config('synchronous_commit', 'off', true))
"""
"""Holds for the transaction, which is this statement alone:
https://www.postgresql.org/docs/current/wal-async-commit.html"""

SAMPLES: Final[dict[type, tuple[Any, Any]]] = {UUID: (UUID(int=1), UUID(int=2)), int: (1, 2)}


@dataclass
class _Built:
    """Holds the SQL of a query, its parameters, and which of them are the key."""

    rows: "QuerySet[Any]"
    compiler: Any
    sql: str
    parameters: tuple[Any, ...]
    places: list[int]


class Prepared(Generic[RowT, KeyT]):
    """Runs a query for one row with changing keys, and builds its SQL once in each thread.

    `rows` returns the query for a key, and must depend on nothing else that changes.
    """

    def __init__(self, kind: type[KeyT], rows: Callable[[KeyT], "QuerySet[RowT]"]) -> None:
        self._samples: tuple[KeyT, KeyT] = SAMPLES[kind]
        self._rows: Callable[[Any], QuerySet[RowT]] = rows
        self._here = threading.local()

    def first(self, key: KeyT) -> RowT | None:
        """Return the first row for a key; None where there is none."""
        connection = connections[DEFAULT_DB_ALIAS]
        built: _Built | None = getattr(self._here, "built", None)
        if built is None or built.compiler.connection is not connection:
            built = self._here.built = self._build()
        if built.rows.query.select_for_update and connection.get_autocommit():
            raise TransactionManagementError("A row is locked within a transaction only.")
        parameters = list(built.parameters)
        for place in built.places:
            parameters[place] = _plain(key, connection)
        built.compiler.as_sql = lambda *_, **__: (built.sql, tuple(parameters))
        return next(iter(ModelIterable(built.rows)), None)

    def _build(self) -> _Built:
        one, other = (self._rows(sample)[:1] for sample in self._samples)
        compiler = one.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        others = other.query.get_compiler(DEFAULT_DB_ALIAS).as_sql()[1]
        pairs = enumerate(zip(parameters, others, strict=True))
        places = [place for place, (mine, its) in pairs if mine != its]
        # What runs the query asks it for a compiler, and this for the SQL.
        one.query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
        return _Built(one, compiler, sql, tuple(parameters), places)


def update(
    model: type[Model],
    changes: Mapping[str, Any],
    where: Mapping[str, Any],
    *,
    condition: str = "",
    values: Sequence[tuple[str, Any]] = (),
    may_be_lost: bool = False,
) -> int:
    """Change the rows with these values, as `QuerySet.update` does. Return how many there were.

    Values are plain ones or `clock.moment()`. `condition` is more SQL for the WHERE; its `values`
    are pairs of a field's name and what is compared with it. A change that `may_be_lost` does not
    wait for PostgreSQL's disk: if the server crashes within a second, it may not have happened.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    quoted = connection.ops.quote_name
    parameters: list[Any] = []

    def given(name: str, value: Any) -> str:
        if isinstance(value, clock.Moment):
            return value.sql(connection)
        if isinstance(value, Model):
            value = value.pk
        parameters.append(field_of(model, name).get_db_prep_save(value, connection))
        return "%s"

    def equal(name: str, value: Any) -> str:
        return f"{quoted(str(field_of(model, name).column))} = {given(name, value)}"

    sets = ", ".join(equal(*change) for change in changes.items())
    conditions = [equal(*one) for one in where.items()] + ([f"({condition})"] if condition else [])
    for name, value in values:
        given(name, value)
    # Names of tables and columns are those of models, and conditions are written by callers.
    statement = f"UPDATE {quoted(model._meta.db_table)} SET {sets} WHERE {' AND '.join(conditions)}"  # noqa: S608
    # Within a larger transaction the setting would hold for all that it changes.
    if may_be_lost and connection.vendor == "postgresql" and connection.get_autocommit():
        statement = f"{WITHOUT_WAITING}{statement} AND EXISTS (TABLE without_waiting)"
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def field_of(model: type[Model], name: str) -> "Field[Any, Any]":
    """Return a field by its name or its column's."""
    return cast("Field[Any, Any]", model._meta.get_field(name))


def _plain(key: UUID | int, connection: Any) -> object:
    """Return a key as a parameter of this database."""
    if isinstance(key, UUID) and not connection.features.has_native_uuid_field:
        return key.hex
    return key
