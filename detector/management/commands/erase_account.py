"""`manage.py erase_account USER`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from detector.accounts import erasure, receipts
from detector.models import User


class Command(BaseCommand):
    help = "Erase an account with all its data, search everything for traces, print the receipt."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="name or e-mail address")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        named = Q(username=options["user"]) | Q(email__iexact=options["user"])
        users = list(User.objects.filter(named))
        if len(users) != 1:
            raise CommandError(f"{len(users)} accounts are called {options['user']}.")
        if not options["yes"] and input(f"Erase {users[0]} for good? [yes/no] ") != "yes":
            raise CommandError("Nothing was erased.")
        text = erasure.erase_account(users[0], full_search=True)
        self.stdout.write(text)
        search = receipts.verify(text)["search"]
        if search["traces"]:
            raise CommandError(f"The account was erased, but {search['traces']} traces were found.")
        if search["not_searched"]:
            places = ", ".join(search["not_searched"])
            raise CommandError(f"The account was erased, but not searched for in: {places}.")
