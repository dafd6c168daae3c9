"""`manage.py purge_expired`."""

from typing import Any

from django.core.management.base import BaseCommand

from detector.services import bin as bin_service


class Command(BaseCommand):
    help = "Erase for good what has lain in the bin long enough. Workers do it once an hour."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{bin_service.empty(bin_service.kept_since())} photos erased")
