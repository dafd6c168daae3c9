"""`manage.py analyse_folder FOLDER --user NAME`."""

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.management.people import user_called
from detector.videos import folders


class Command(BaseCommand):
    help = (
        "Upload the photos, ZIPs of photos and videos of a folder and its subfolders for a user. "
        "Workers analyse them. Can be repeated: what is there is not stored twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--user", required=True, help="user name or mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        owner, folder = user_called(options["user"]), options["folder"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        accepted: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        for outcome in folders.submit(owner, folder):
            accepted.update(photos=outcome.photos, videos=outcome.videos, known=outcome.known)
            for name, error in outcome.rejected:
                refused[error.code] += 1
                self.stdout.write(f"{name}: {error.code}: {error.message}")
        self.stdout.write(
            f"{accepted['photos']} photos and {accepted['videos']} videos accepted, "
            f"{accepted['known']} known before, {refused.total()} refused"
        )
        for code, count in refused.most_common():
            self.stdout.write(f"  {count} {code}")
        if refused:
            raise CommandError("Some files were refused.")
