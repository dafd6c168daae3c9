"""One or two characters of a text are found by an index, too (decision 0030)."""

from django.db import migrations

from detector.models import photo_text_triggers


def create(apps, schema_editor):
    """Build the index anew on SQLite; add what is missing on PostgreSQL."""
    if not photo_text_triggers.has_index(schema_editor.connection):
        # The database could not have one: see `create_search_index`.
        return
    if schema_editor.connection.vendor == "sqlite":
        photo_text_triggers.drop_index(schema_editor)
    photo_text_triggers.create_index(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("detector", "0026_photo_history_by_date")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
