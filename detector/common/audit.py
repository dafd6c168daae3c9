"""Write the audit log."""

import hashlib
from typing import Any, Final

from django.db.models import Model

from detector.common import clock
from detector.models import Analysis, AuditEntry, Face, LiveSession, Photo, User, Video

COMMAND_LINE: Final = "command line"
"""The actor's name where nobody is logged in: somebody ran a command on the machine."""
ERASURE: Final = "erasure"
"""The actor's name of tombstones: who erased it is not said."""
ERASED: Final = {
    Photo: "photo.erased",
    Video: "video.erased",
    LiveSession: "livesession.erased",
    User: "user.erased",
}

ERASED_PARTS: Final = {
    "photopicture": "photo.picture_erased",
    "videofile": "video.file_erased",
    "videostills": "video.stills_erased",
}
"""Kinds and actions of tombstones of parts, while the rest stays."""


def record(actor: User | None, action: str, target: Model | None, **details: Any) -> AuditEntry:
    """Add an audit entry. Call it inside the transaction that makes the change.

    `action` names the target's kind and the act, separated by a dot: `photo.erased`. `details`
    must be plain JSON. Call this before the target is erased: afterwards its name is unknown.
    """
    return _add(
        actor=actor,
        actor_name=actor.get_username() if actor else COMMAND_LINE,
        action=action,
        target_type=(target._meta.model_name or "") if target else "",
        target_id=str(target.pk) if target else "",
        target_name=name_of(target)[:200] if target else "",
        details=details,
    )


def record_erasure(erased: Photo | Video | LiveSession | User) -> AuditEntry:
    """Add a tombstone: that something was erased, and nothing that leads to what it was.

    By it a restore of an older backup knows what must not come back (decision 0036).
    """
    return record_tombstone(erased._meta.model_name or "", tombstone(erased.pk))


def record_erasure_of_part(whole: Photo | Video, part: str) -> AuditEntry:
    """Add a tombstone of a photo's picture, or of a video's file, perhaps with its stills."""
    return record_tombstone(part, tombstone(whole.pk))


def record_tombstone(kind: str, digest: str) -> AuditEntry:
    """Add a tombstone of a kind: the name of a model in lower case, or of a part."""
    actions = {model._meta.model_name: action for model, action in ERASED.items()} | ERASED_PARTS
    return _add(actor_name=ERASURE, action=actions[kind], target_type=kind, target_id=digest)


def _add(**fields: Any) -> AuditEntry:
    """Insert an entry with the database's time.

    Raw, since `auto_now_add` would put this host's in its place. With a wrong one, what was erased
    would be missing from the list of what was erased since a day.
    """
    entry = AuditEntry(at=clock.moment(), **fields)
    entry.save_base(raw=True, force_insert=True)
    # What was stored is read when somebody asks for it.
    del entry.at
    return entry


def tombstone(pk: Any) -> str:
    """Return what stands for an erased id: a digest, which does not tell the id."""
    return hashlib.sha256(f"tombstone:{pk}".encode()).hexdigest()[:48]


def name_of(target: Model) -> str:
    """Return the name of a target in the log.

    Photos, analyses, faces, videos and live sessions are named after their owner, since a file name
    in the log would outlive the file.
    """
    if isinstance(target, Face):
        target = target.analysis
    if isinstance(target, Photo | Analysis | Video | LiveSession):
        return f"of {target.owner}"
    return str(target)
