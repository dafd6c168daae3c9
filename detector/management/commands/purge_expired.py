"""`manage.py purge_expired`."""

from typing import Any

from django.core.management.base import BaseCommand

from detector.common import clock
from detector.photos import retention, trash


class Command(BaseCommand):
    help = (
        "Erase photos that were in the bin long enough, and photos whose retention time has "
        "ended. The caretaker does it once an hour."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        erased = trash.empty(trash.kept_since())
        erased += retention.erase_outlived(clock.now())
        self.stdout.write(f"{erased} photos erased")
