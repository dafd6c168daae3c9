"""Messages that offer to undo."""

from django import template
from django.contrib.messages.storage.base import Message

from detector.web.undo import MARK

register = template.Library()


@register.filter
def undo_ids(message: Message) -> list[str]:
    """The photos that a message offers to bring back."""
    tags = (message.extra_tags or "").split()
    return next((tag.removeprefix(MARK).split(",") for tag in tags if tag.startswith(MARK)), [])
