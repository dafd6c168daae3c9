"""`manage.py purge_expired`."""

from typing import Any

from django.core.management.base import BaseCommand

from detector.common import clock, erased_pages
from detector.live import sessions
from detector.photos import retention, search, trash
from detector.videos import erasure as video_erasure
from detector.videos import trash as video_trash
from detector.videos import uploads


class Command(BaseCommand):
    help = (
        "Erase photos and videos that were in the bin long enough, what is older than its owner "
        "keeps it, and uploads that nobody went on with. The caretaker does it once an hour."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        erased = trash.empty(trash.kept_since())
        erased += retention.erase_outlived(clock.now())
        videos = video_trash.empty(trash.kept_since())
        videos += video_erasure.erase_outlived(clock.now())
        live = sessions.erase_outlived(clock.now())
        uploads.discard_expired()
        search.forget_erased()
        erased_pages.empty_log()
        self.stdout.write(f"{erased} photos, {videos} videos and {live} live sessions erased")
