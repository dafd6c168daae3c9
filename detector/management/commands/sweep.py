"""`manage.py sweep`."""

from typing import Any

from django.core.management.base import BaseCommand

from detector.analyses import queueing
from detector.videos import queueing as video_queueing


class Command(BaseCommand):
    help = (
        "Resend the messages of stuck analyses and videos. The caretaker does it every few seconds."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{queueing.sweep() + video_queueing.sweep()} sent again")
