"""`manage.py erased_since DATE`."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.operations import erased


class Command(BaseCommand):
    help = "List what was erased since a day, for `restore --erased`: digests of ids alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("date", help="such as 2026-05-04 or 2026-05-04T12:00, in UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            moment = datetime.fromisoformat(options["date"])
        except ValueError as error:
            raise CommandError(f"{options['date']} is no date such as 2026-05-04.") from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        for line in erased.since(moment):
            self.stdout.write(line)
