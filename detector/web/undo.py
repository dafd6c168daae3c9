"""A message with a button that restores deleted photos."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest

from detector.templatetags.undo import MARK


def offer(request: HttpRequest, sentence: str, photo_ids: Iterable[UUID]) -> None:
    """Add a message about deleted photos, with a button to restore them."""
    ids = ",".join(str(photo_id) for photo_id in photo_ids)
    messages.success(request, sentence, extra_tags=f"{MARK}{ids}")
