"""`manage.py create_bucket`."""

from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

from detector.common import storage


class Command(BaseCommand):
    help = "Create the bucket S3_BUCKET where it is missing. Without S3_BUCKET it does nothing."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if storage.has_folders(default_storage):
            return
        try:
            created = storage.beneath(default_storage).create_bucket()  # type: ignore[attr-defined]
        except OSError as error:
            raise CommandError(f"The object store refuses: {error}") from error
        self.stdout.write("created" if created else "there already")
