"""`manage.py create_search_index`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from detector.models import photo_text_triggers


class Command(BaseCommand):
    help = "Create the index of searches where the migration could not."

    def handle(self, *args: Any, **options: Any) -> None:
        if photo_text_triggers.has_index(connection):
            self.stdout.write("The index is there.")
            return
        with connection.schema_editor() as schema_editor:
            created = photo_text_triggers.create_index(schema_editor)
        if not created:
            raise CommandError("The database cannot have the index; see `manage.py check`.")
        self.stdout.write("The index was created.")
