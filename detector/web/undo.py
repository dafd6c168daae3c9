"""A message with a button that brings deleted photos back."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest

from detector.templatetags.undo import MARK


def offer(request: HttpRequest, sentence: str, photo_ids: Iterable[UUID]) -> None:
    """Tell that photos were deleted, on the next page that shows messages."""
    ids = ",".join(str(photo_id) for photo_id in photo_ids)
    messages.success(request, sentence, extra_tags=f"{MARK}{ids}")
