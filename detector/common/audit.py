"""Write the audit log."""

from typing import Any, Final

from django.db.models import Model

from detector.models import Analysis, AuditEntry, Face, Photo, User

COMMAND_LINE: Final = "command line"
"""The actor's name where nobody is logged in: somebody ran a command on the machine."""


def record(actor: User | None, action: str, target: Model | None, **details: Any) -> AuditEntry:
    """Add an audit entry. Call it inside the transaction that makes the change.

    `action` names the target's kind and the act, separated by a dot: `photo.erased`. `details`
    must be plain JSON. Call this before the target is erased: afterwards its name is unknown.
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
    """Return the name of a target in the log.

    Photos, analyses and faces are named after their owner, since a file name in the log would
    outlive the file.
    """
    if isinstance(target, Face):
        target = target.analysis
    if isinstance(target, Photo | Analysis):
        return f"of {target.owner}"
    return str(target)
