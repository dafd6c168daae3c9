"""`manage.py purge_expired`."""

from typing import Any

from django.core.management.base import BaseCommand

from detector.common import clock
from detector.photos import retention, trash


class Command(BaseCommand):
    help = (
        "Erase for good what has lain in the bin long enough, and what its owner did not want "
        "to keep any longer. Workers do it once an hour."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        erased = trash.empty(trash.kept_since())
        erased += retention.erase_outlived(clock.now())
        self.stdout.write(f"{erased} photos erased")
