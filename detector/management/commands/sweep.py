"""`manage.py sweep`."""

from typing import Any

from django.core.management.base import BaseCommand

from detector.analyses import submission


class Command(BaseCommand):
    help = "Send again what got stuck. The caretaker does this by itself every few seconds."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{submission.sweep()} sent again")
