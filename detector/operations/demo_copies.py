"""Multiply demo photos in the database, for histories that would take hours to make up."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import connection, models

from detector.models import Analysis, Face, Photo, PhotoTag
from detector.models.ids import new_id

FREE_BITS: Final = 16
"""The lowest bits of an id, and of a checksum, that say which copy it is."""
MOMENTS: Final = ("captured_at", "uploaded_at", "taken_at")

EXPRESSIONS: Final[dict[str, dict[str, str]]] = {
    "postgresql": {
        "id": "overlay({0}::text PLACING lpad(to_hex(n.copy), 4, '0') FROM 33)::uuid",
        "sha256": "overlay({0} PLACING lpad(to_hex(n.copy), 4, '0') FROM 61)",
        "moment": "{0} - n.copy * interval '37 seconds'",
    },
    "sqlite": {
        "id": "substr({0}, 1, 28) || printf('%%04x', n.copy)",
        "sha256": "substr({0}, 1, 60) || printf('%%04x', n.copy)",
        "moment": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', {0}, (n.copy * -37) || ' seconds')",
    },
}
COPY: Final = """
    WITH RECURSIVE n(copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM n WHERE copy < %s)
    INSERT INTO {table} ({columns})
    SELECT {values} FROM {table} CROSS JOIN n WHERE {parent} IN ({ids})
"""


def id_to_copy() -> UUID:
    """Return a new id of which there can be copies."""
    return UUID(int=new_id().int >> FREE_BITS << FREE_BITS)


def multiply(photos: Sequence[Photo], analyses: Sequence[Analysis], copies: int) -> None:
    """Copy photos with their analyses, faces and tags this many times, a little earlier each.

    Copies have the files of the first one.
    """
    if not copies or not photos:
        return
    known = EXPRESSIONS[connection.vendor]
    photo_ids, analysis_ids = [p.pk for p in photos], [a.pk for a in analyses]
    moments = dict.fromkeys(MOMENTS, known["moment"])
    of_photo, of_analysis = {"photo_id": known["id"]}, {"analysis_id": known["id"]}
    own = {"id": known["id"]}
    _copy(Photo, "id", photo_ids, copies, own | moments | {"sha256": known["sha256"]})
    _copy(Analysis, "id", analysis_ids, copies, own | of_photo)
    _copy(Face, "analysis_id", analysis_ids, copies, of_analysis)
    _copy(PhotoTag, "photo_id", photo_ids, copies, of_photo)


def _copy(
    model: type[models.Model], parent: str, ids: list[UUID], copies: int, changed: dict[str, str]
) -> None:
    fields = [
        field
        for field in model._meta.concrete_fields
        if not field.generated and not isinstance(field, models.BigAutoField)
    ]
    quote = connection.ops.quote_name
    columns = [quote(field.attname) for field in fields]
    values = [changed.get(field.attname, "{0}").format(quote(field.attname)) for field in fields]
    statement = COPY.format(
        table=model._meta.db_table,
        columns=", ".join(columns),
        values=", ".join(values),
        parent=parent,
        ids=", ".join(["%s"] * len(ids)),
    )
    as_stored = next(field for field in fields if field.attname == parent)
    keys = [as_stored.get_db_prep_value(pk, connection) for pk in ids]
    with connection.cursor() as cursor:
        cursor.execute(statement, [copies, *keys])
