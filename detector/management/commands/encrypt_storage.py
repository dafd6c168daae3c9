"""`manage.py encrypt_storage`."""

import base64
import secrets
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.operations import resealing
from emotionsite.environment import STORAGE_KEY_BYTES


def _seconds(text: str) -> float:
    """Return a time to wait. Raises ValueError before any file is touched."""
    seconds = float(text)
    if not 0 <= seconds <= threading.TIMEOUT_MAX:
        raise ValueError
    return seconds


class Command(BaseCommand):
    help = "Encrypt all stored files with the first of STORAGE_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="only print a new key")
        parser.add_argument(
            "--grace", type=_seconds, default=resealing.GRACE_SECONDS,
            help="seconds for which the earlier files stay for those who read them",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new_key"]:
            key = secrets.token_bytes(STORAGE_KEY_BYTES)
            self.stdout.write(base64.b64encode(key).decode())
            return
        storage = resealing.present()
        if storage is None:
            raise CommandError("Set STORAGE_KEYS first: docs/operations.md.")
        done = resealing.reseal(storage, grace=options["grace"])
        self.stdout.write(
            f"{done.anew} files encrypted anew, {done.already} were so, {done.lost} are lost"
        )
        if done.lost:
            raise CommandError("Some rows name files that are gone.")
        if done.unreadable:
            raise CommandError(
                f"{done.unreadable} files are damaged or of no key that is set; see the log. They "
                "are as they were."
            )
