"""`manage.py prepare`."""

from typing import Any

from django.core.checks import Tags
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from detector.common import storage


class Command(BaseCommand):
    help = "Create the bucket S3_BUCKET where it is missing, and migrate the database. Idempotent."
    # As `make run`: the others look at the program, which is an image's matter.
    requires_system_checks = (Tags.database,)

    def handle(self, *args: Any, **options: Any) -> None:
        if not storage.has_folders(default_storage):
            try:
                storage.beneath(default_storage).create_bucket()  # type: ignore[attr-defined]
            except OSError as error:
                raise CommandError(f"The object store refuses: {error}") from error
        call_command("migrate", interactive=False, skip_checks=True, verbosity=options["verbosity"])
