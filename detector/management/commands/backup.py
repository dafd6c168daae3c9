"""`manage.py backup PATH`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.operations.backup import seal as backup_seal
from detector.operations.backup import writing
from detector.operations.backup.errors import BackupError


class Command(BaseCommand):
    help = "Back up database, stored files and keys into a folder, also while the site runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a new folder, or one of an interrupted backup")
        parser.add_argument("--passphrase-file", type=Path, help="encrypt with its first line")

    def handle(self, *args: Any, **options: Any) -> None:
        file = options["passphrase_file"]
        try:
            made = writing.make(options["path"], backup_seal.passphrase_in(file) if file else None)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made.rows} rows and {made.files} files are in {options['path']}")
        for name in made.lost:
            self.stderr.write(f"A row names this file, but the storage has lost it: {name}")
        if made.unreadable:
            count = len(made.unreadable)
            raise CommandError(
                f"{count} of these are there and damaged. All else is in the backup."
            )
