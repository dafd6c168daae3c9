"""The triggers that keep the audit log as it was written, whatever writes to the database.

All that may happen to a row is that an account goes, and with it the reference to it (`actor_id`).

SQLite forgets the triggers of a table that a migration makes anew: such a migration calls `drop`
before and `create` after.
"""

from typing import Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE: Final = "detector_auditentry"

CREATE: Final = {
    "postgresql": (
        """
        CREATE FUNCTION audit_log_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                IF NOT EXISTS (SELECT 1 FROM {table}) THEN
                    RETURN NULL;
                END IF;
            ELSIF TG_OP = 'UPDATE' THEN
                IF NEW.actor_id IS NULL AND {same} THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'The audit log is final.'
                USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """,
        """
        CREATE TRIGGER audit_log_row_is_final BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION audit_log_is_final()
        """,
        """
        CREATE TRIGGER audit_log_is_final BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_final()
        """,
    ),
    "sqlite": (
        """
        CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON {table}
        WHEN NOT (NEW.actor_id IS NULL AND {same})
        BEGIN SELECT RAISE(ABORT, 'The audit log is final.'); END
        """,
        """
        CREATE TRIGGER audit_log_is_not_removed BEFORE DELETE ON {table}
        BEGIN SELECT RAISE(ABORT, 'The audit log is final.'); END
        """,
    ),
}
DROP: Final = {
    "postgresql": (
        "DROP TRIGGER audit_log_row_is_final ON {table}",
        "DROP TRIGGER audit_log_is_final ON {table}",
        "DROP FUNCTION audit_log_is_final()",
    ),
    "sqlite": (
        "DROP TRIGGER audit_log_is_not_changed",
        "DROP TRIGGER audit_log_is_not_removed",
    ),
}
SAME: Final = {
    "postgresql": "NEW.{0} IS NOT DISTINCT FROM OLD.{0}",
    "sqlite": "NEW.{0} IS OLD.{0}",
}


def create(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Refuse changes of the log from now on, in every column that it has now but `actor_id`."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, TABLE)
    kept = [column.name for column in columns if column.name != "actor_id"]
    same = " AND ".join(SAME[connection.vendor].format(name) for name in kept)
    for statement in CREATE[connection.vendor]:
        schema_editor.execute(statement.format(table=TABLE, same=same), params=None)


def drop(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let the log be changed: for migrations of its table, and for tests."""
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement.format(table=TABLE), params=None)
