"""Filters for messages that offer to undo."""

from django import template
from django.contrib.messages.storage.base import Message

register = template.Library()

MARK = "undo:"
"""Prefix of the tag of a message that offers to undo; the ids of its photos follow."""


@register.filter
def undo_ids(message: Message) -> list[str]:
    """Return the ids of the photos that a message offers to restore."""
    tags = (message.extra_tags or "").split()
    return next((tag.removeprefix(MARK).split(",") for tag in tags if tag.startswith(MARK)), [])
