"""The searchable words of photos, with the triggers that write them and an index of trigrams."""

from django.conf import settings
from django.db import migrations, models

from detector.models import photo_text_triggers


def create(apps, schema_editor):
    """Write the words of all photos, and let them follow from now on."""
    # The triggers first: they lock the table of photos, so that none comes in between.
    photo_text_triggers.create(schema_editor)
    photo_text_triggers.fill(schema_editor)
    if not photo_text_triggers.create_index(schema_editor):
        print("\n  No index for searches: `manage.py check --database default` says why.", end="")


def drop(apps, schema_editor):
    """Undo `create`."""
    photo_text_triggers.drop_index(schema_editor)
    photo_text_triggers.drop(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("detector", "0023_turns_of_analyses"),
    ]

    operations = [
        migrations.CreateModel(
            name="PhotoText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("photo", models.OneToOneField("detector.photo", models.CASCADE, related_name="+")),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)),
                ("text", models.TextField()),
            ],
            options={
                "indexes": [models.Index(fields=["owner"], name="photo_text_by_owner")],
            },
        ),
        migrations.RunPython(create, drop),
    ]
