"""`manage.py erase_account USER`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.accounts import erasure, receipts
from detector.management.people import user_called


class Command(BaseCommand):
    help = "Erase an account with all its data, search everything for traces, print the receipt."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="name or e-mail address")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_called(options["user"])
        if not options["yes"] and not _agrees(f"Erase {user} for good? [yes/no] "):
            raise CommandError("Nothing was erased.")
        text = erasure.erase_account(user, full_search=True)
        self.stdout.write(text)
        search = receipts.verify(text)["search"]
        if search["traces"]:
            raise CommandError(f"The account was erased, but {search['traces']} traces were found.")
        if search["not_searched"]:
            places = ", ".join(search["not_searched"])
            raise CommandError(f"The account was erased, but not searched for in: {places}.")


def _agrees(question: str) -> bool:
    """Ask at the terminal. Returns False where there is none."""
    try:
        return input(question) == "yes"
    except EOFError:
        return False
