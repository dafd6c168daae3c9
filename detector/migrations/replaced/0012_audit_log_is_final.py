"""Lets nobody change or remove what is in the audit log, whatever writes to the database.

SQLite forgets the triggers of a table that a later migration has to make anew; such a migration
must put them back, with `refuse_changes` of this one.
"""

from django.db import migrations

COLUMNS = ("id", "at", "actor_name", "action", "target_type", "target_id", "target_name", "details")

# All that may happen is that an account goes, and with it the reference to it.
POSTGRESQL = (
    """
    CREATE FUNCTION audit_log_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            IF NOT EXISTS (SELECT 1 FROM detector_auditentry) THEN
                RETURN NULL;
            END IF;
        ELSIF TG_OP = 'UPDATE' THEN
            IF NEW.actor_id IS NULL AND {same} THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'The audit log is final.' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """.format(same=" AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in COLUMNS)),
    """
    CREATE TRIGGER audit_log_row_is_final BEFORE UPDATE OR DELETE ON detector_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_final()
    """,
    """
    CREATE TRIGGER audit_log_is_final BEFORE TRUNCATE ON detector_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_final()
    """,
)
SQLITE = (
    """
    CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON detector_auditentry
    WHEN NOT (NEW.actor_id IS NULL AND {same})
    BEGIN SELECT RAISE(ABORT, 'The audit log is final.'); END
    """.format(same=" AND ".join(f"NEW.{name} IS OLD.{name}" for name in COLUMNS)),
    """
    CREATE TRIGGER audit_log_is_not_removed BEFORE DELETE ON detector_auditentry
    BEGIN SELECT RAISE(ABORT, 'The audit log is final.'); END
    """,
)
REMOVE = {
    "postgresql": (
        "DROP TRIGGER audit_log_row_is_final ON detector_auditentry",
        "DROP TRIGGER audit_log_is_final ON detector_auditentry",
        "DROP FUNCTION audit_log_is_final()",
    ),
    "sqlite": (
        "DROP TRIGGER audit_log_is_not_changed",
        "DROP TRIGGER audit_log_is_not_removed",
    ),
}
REFUSE = {"postgresql": POSTGRESQL, "sqlite": SQLITE}


def refuse_changes(apps, schema_editor):
    """Put the triggers in place."""
    for statement in REFUSE[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def allow_changes(apps, schema_editor):
    """Take the triggers away."""
    for statement in REMOVE[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('detector', '0011_audit_log'),
    ]

    operations = [
        migrations.RunPython(refuse_changes, allow_changes, elidable=False),
    ]
