"""`manage.py rebuild_statistics`."""

from typing import Any

from django.core.management.base import BaseCommand

from detector.insights import rollups
from detector.models import User


class Command(BaseCommand):
    help = "Recount all statistics from the analyses."

    def handle(self, *args: Any, **options: Any) -> None:
        for user in User.objects.order_by("id").iterator():
            try:
                rows = rollups.rebuild(user)
            except User.DoesNotExist:
                continue  # Erased since the list was read.
            self.stdout.write(f"{user.username}: {rows} rows")
