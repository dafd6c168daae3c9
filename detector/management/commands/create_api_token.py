"""`manage.py create_api_token USER`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.accounts import tokens
from detector.exceptions import DetectorError
from detector.management.people import user_called
from detector.models import ApiToken


class Command(BaseCommand):
    help = "Print a new API token of a user, given by name or e-mail address, and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--name", default="command line", help="what the token is called")

    def handle(self, *args: Any, **options: Any) -> None:
        longest = ApiToken._meta.get_field("name").max_length or 0
        if not 1 <= len(options["name"]) <= longest:
            raise CommandError(f"--name takes 1 to {longest} characters.")
        user = user_called(options["user"])
        try:
            _, secret = tokens.create_token(user, name=options["name"])
        except DetectorError as error:
            raise CommandError(error.message) from error
        self.stdout.write(secret)
