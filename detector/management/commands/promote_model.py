"""`manage.py promote_model NAME` and `manage.py promote_model --roll-back`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.exceptions import DetectorError
from detector.registry import promotion


class Command(BaseCommand):
    help = "Let a version of the weights serve, or with --roll-back the one that served before."

    def add_arguments(self, parser: CommandParser) -> None:
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("name", nargs="?", help="a folder of ml/weights/ or MODELS_FOLDER")
        group.add_argument("--roll-back", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["roll_back"]:
                version = promotion.roll_back(None)
            else:
                version = promotion.promote(promotion.register(options["name"]), None)
        except DetectorError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{version} serves from the next photo on ({version.sha256}).")
