"""Messages that offer to undo."""

from django import template
from django.contrib.messages.storage.base import Message

register = template.Library()

MARK = "undo:"
"""Begins the tag of a message that offers to undo; the ids of its photos follow."""


@register.filter
def undo_ids(message: Message) -> list[str]:
    """The photos that a message offers to bring back."""
    tags = (message.extra_tags or "").split()
    return next((tag.removeprefix(MARK).split(",") for tag in tags if tag.startswith(MARK)), [])
