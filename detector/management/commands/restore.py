"""`manage.py restore PATH`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.operations import erased
from detector.operations.backup import restore as backup_restore
from detector.operations.backup import seal as backup_seal
from detector.operations.backup.errors import BackupError


class Command(BaseCommand):
    help = "Restore a backup into an empty, migrated system whose processes are stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the folder of the backup")
        parser.add_argument("--passphrase-file", type=Path, help="decrypt with its first line")
        parser.add_argument(
            "--erased", type=Path, metavar="FILE", help="leave out what `erased_since` listed"
        )
        parser.add_argument(
            "--into-empty", choices=["system", "database"], default="system",
            help="what has to be empty: database and storage, or the database alone",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        secret, listed = options["passphrase_file"], options["erased"]
        try:
            done = backup_restore.restore(
                options["path"],
                backup_seal.passphrase_in(secret) if secret else None,
                erased_since=erased.read(listed) if listed else None,
                database_only_empty=options["into_empty"] == "database",
            )
        except BackupError as error:
            raise CommandError(f"{error} Nothing was written.") from error
        self.stdout.write(
            f"{done.rows} rows and {done.files} files restored, {done.erased} erased since"
        )
        for remark in done.remarks:
            self.stderr.write(remark)
