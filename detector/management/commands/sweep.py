"""`manage.py sweep`."""

from typing import Any

from django.core.management.base import BaseCommand

from detector.analyses import queueing


class Command(BaseCommand):
    help = "Resend the messages of stuck analyses. The caretaker does it every few seconds."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{queueing.sweep()} sent again")
