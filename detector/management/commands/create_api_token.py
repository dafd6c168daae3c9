"""`manage.py create_api_token USER`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from detector.accounts import tokens
from detector.models import User


class Command(BaseCommand):
    help = "Print a new API token of a user, given by name or e-mail address, and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--name", default="command line", help="what the token is called")

    def handle(self, *args: Any, **options: Any) -> None:
        user = options["user"]
        found = User.objects.filter(Q(username=user) | Q(email__iexact=user))[:2]
        if len(found) != 1:
            reason = "No" if not found else "More than one"
            raise CommandError(f"{reason} user is called {user}.")
        _, secret = tokens.create_token(found[0], name=options["name"])
        self.stdout.write(secret)
