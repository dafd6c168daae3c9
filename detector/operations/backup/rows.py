"""Rows of a backup: one JSON list a line, the same whatever database they came from."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import BinaryField, ForeignKey, JSONField, Value
from django.db.models.sql import InsertQuery
from django.utils.duration import duration_iso_string

from detector.operations.backup.models import Field, Model, fields_of

PAGE: Final = 500
"""Rows in memory at a time."""
Row = list[Any]


def read(model: Model) -> Iterator[Row]:
    """Yield all rows of a table in the order of their keys, as JSON values."""
    fields = fields_of(model)
    names = [field.attname for field in fields]
    rows = model._base_manager.order_by("pk").values_list(*names)
    for row in rows.iterator(chunk_size=PAGE):
        yield [_written(field, value) for field, value in zip(fields, row, strict=True)]


def write(model: Model, rows: Iterable[Row]) -> int:
    """Insert rows as they are, without defaults or times of their own. Return how many."""
    fields = fields_of(model)
    names = [field.attname for field in fields]
    columns = [field.column for field in fields]
    size = min(PAGE, connection.ops.bulk_batch_size(columns, [None] * PAGE))
    written = 0
    remaining = iter(rows)
    while page := list(islice(remaining, size)):
        made = []
        for row in page:
            values = [_restored(field, value) for field, value in zip(fields, row, strict=True)]
            made.append(model(**dict(zip(names, values, strict=True))))
        # Raw: `auto_now_add` and the like would replace the values.
        query = InsertQuery(model)
        query.insert_values(fields, made, raw=True)
        query.get_compiler(connection=connection).execute_sql()
        written += len(made)
    return written


def as_line(row: Row) -> bytes:
    """Return a row as a line of JSON."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _written(field: Field, value: Any) -> Any:
    if value is None or isinstance(field, JSONField):
        return value
    if field.is_relation and field.related_model in (ContentType, Permission):
        return _natural_key(field.related_model, value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_iso_string(value)
    if isinstance(value, bytes | memoryview):
        return b64encode(bytes(value)).decode()
    return str(value) if isinstance(value, UUID | Decimal) else value


def _restored(field: Field, value: Any) -> Any:
    if isinstance(field, JSONField):
        # SQL's NULL and JSON's null are read as the same.
        return Value(None, field) if value is None and not field.null else value
    if value is None:
        return None
    if isinstance(field, ForeignKey):
        if field.related_model in (ContentType, Permission):
            return _by_natural_key(field.related_model, tuple(value))
        return _restored(field.target_field, value)
    if isinstance(field, BinaryField):
        return b64decode(value)
    return field.to_python(value)


def _natural_key(model: Any, pk: Any) -> list[str]:
    row = model._base_manager.get(pk=pk)
    return [*row.natural_key(), row.name] if model is Permission else list(row.natural_key())


def _by_natural_key(model: Any, key: tuple[str, ...]) -> Any:
    """Return the primary key of the row; it is made where an app of that name is gone."""
    if model is ContentType:
        app, name = key
        return ContentType._base_manager.get_or_create(app_label=app, model=name)[0].pk
    code, app, name, title = key
    of_type, _ = ContentType._base_manager.get_or_create(app_label=app, model=name)
    found, _ = Permission._base_manager.get_or_create(
        content_type=of_type, codename=code, defaults={"name": title}
    )
    return found.pk
