"""Read what a database says of its own schema, in an order that does not depend on its history.

The order of columns does: an added column comes last. Nothing reads columns by their number.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection

Schema = dict[str, list[Any]]

POSTGRESQL = {
    "columns": """
        SELECT table_name, column_name, udt_name, character_maximum_length, is_nullable,
               column_default, is_identity, identity_generation, is_generated, generation_expression
        FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal
    """,
    "functions": """
        SELECT proname, pg_get_function_result(oid), prosrc
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    """,
    "sequences": """
        SELECT sequence_name, data_type, start_value, increment, cycle_option
        FROM information_schema.sequences WHERE sequence_schema = 'public'
    """,
}
SQLITE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"
ROLES = """
    SELECT g.name, t.app_label, p.codename, p.name FROM auth_permission p
    JOIN django_content_type t ON t.id = p.content_type_id
    LEFT JOIN auth_group_permissions gp ON gp.permission_id = p.id
    LEFT JOIN auth_group g ON g.id = gp.group_id
"""


def schema() -> Schema:
    """Return tables, columns, constraints, indexes, triggers, functions and sequences."""
    if connection.vendor == "postgresql":
        return {kind: _in_order(_asked(query)) for kind, query in POSTGRESQL.items()}
    return {"all": _in_order((*row[:3], *_parts(row[3])) for row in _asked(SQLITE))}


def roles() -> list[Any]:
    """Return every permission, and the groups that have it."""
    return _in_order(_asked(ROLES))


def rows() -> dict[str, list[dict[str, Any]]]:
    """Return what is in each table of the detector."""
    tables = [name for name in connection.introspection.table_names() if "detector_" in name]
    return {name: [*_dictionaries(f'SELECT * FROM "{name}" ORDER BY 1')] for name in tables}  # noqa: S608


def _asked(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def _dictionaries(query: str) -> Iterable[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        names = [column[0] for column in cursor.description]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))


def _in_order(found: Iterable[Any]) -> list[Any]:
    return sorted((tuple(" ".join(str(value).split()) for value in row) for row in found), key=repr)


def _parts(sql: str) -> list[str]:
    """Return columns and constraints of a table in any order; of other objects the statement."""
    if not sql.startswith("CREATE TABLE"):
        return [sql]
    parts, depth, start = [], 0, sql.index("(") + 1
    for place in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[place], 0)
        if depth < 0 or (depth == 0 and sql[place] == ","):
            parts.append(sql[start:place].strip())
            start = place + 1
    return [*sorted(parts), sql[start:]]
