"""`manage.py seed_demo --user NAME --photos 500` and `--remove`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.management.people import user_called
from detector.operations import demo


class Command(BaseCommand):
    help = "Add demo photos of drawn faces to a history, or remove them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="user name or mail address")
        parser.add_argument("--photos", type=int, default=500)
        parser.add_argument("--remove", action="store_true", help="remove them, with their files")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = user_called(options["user"])
        if options["remove"]:
            self.stdout.write(f"{demo.remove(owner)} made-up photos removed")
            return
        if options["photos"] < 1:
            raise CommandError("--photos takes a number from 1.")
        demo.seed(owner, options["photos"])
        self.stdout.write(f"{options['photos']} made-up photos added")
