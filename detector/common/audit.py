"""Writes the audit log."""

from typing import Any, Final

from django.db.models import Model

from detector.models import Analysis, AuditEntry, Face, Photo, User

COMMAND_LINE: Final = "command line"
"""Who acts where nobody is logged in: whoever may run commands on the machine."""


def record(actor: User | None, action: str, target: Model | None, **details: Any) -> AuditEntry:
    """Note that somebody did something, inside the transaction that does it.

    `action` is what it was done to, a dot, and what was done, as `photo.erased`; `details` must
    be plain JSON. Call it before the target is erased: then it has no name any more.
    """
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.get_username() if actor else COMMAND_LINE,
        action=action,
        target_type=(target._meta.model_name or "") if target else "",
        target_id=str(target.pk) if target else "",
        target_name=name_of(target)[:200] if target else "",
        details=details,
    )


def name_of(target: Model) -> str:
    """How the log calls something: what a person keeps goes by its owner.

    The names of their files would outlive the files.
    """
    if isinstance(target, Face):
        target = target.analysis
    if isinstance(target, Photo | Analysis):
        return f"of {target.owner}"
    return str(target)
