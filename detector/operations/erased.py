"""What was erased since a day: the tombstones by which a restore leaves it out."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from detector.analyses import forgetting
from detector.common import audit
from detector.live import sessions
from detector.models import AuditEntry, LiveSession, Photo, User, Video
from detector.operations.backup.errors import BackupError
from detector.photos import erasure
from detector.videos import erasure as video_erasure

KINDS: Final[dict[str, tuple[Any, Callable[[Any], None]]]] = {
    "user": (User, erasure.delete_account),
    "photo": (Photo, erasure.delete_photo),
    "video": (Video, video_erasure.delete_video),
    "livesession": (LiveSession, sessions.erase),
    "photopicture": (Photo, lambda photo: forgetting.keep_result_alone(photo.pk)),
    "videofile": (Video, video_erasure.delete_file_again),
    "videostills": (Video, partial(video_erasure.delete_file_again, stills=True)),
}
"""Maps each kind of tombstone to its model and what erases one of it. Accounts come first.

An account gets no second receipt: the first erasure gave one, and the transaction of the restore
takes back its rows before anyone saw them.
"""
PAGE: Final = 1000


def since(moment: datetime) -> Iterator[str]:
    """Yield the kind and the tombstone of each thing and account that was erased since then."""
    actions = [*audit.ERASED.values(), *audit.ERASED_PARTS.values()]
    found = AuditEntry.objects.filter(action__in=actions, at__gte=moment)
    rows = found.order_by("at").values_list("target_type", "target_id")
    for kind, tombstone in rows.iterator(chunk_size=PAGE):
        yield f"{kind} {tombstone}"


def read(file: Path) -> set[str]:
    """Return the lines of a list that `since` made. Raises BackupError for any other file."""
    try:
        lines = {line.strip() for line in file.read_text().splitlines() if line.strip()}
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"The list of what was erased cannot be read: {error}") from error
    for line in lines:
        kind, _, tombstone = line.partition(" ")
        if kind not in KINDS or len(tombstone) != len(audit.tombstone("")):
            raise BackupError(f"{file} is no list of `manage.py erased_since`: {line[:60]!r}.")
    return lines


def erase_again(lines: set[str]) -> int:
    """Erase what this list names. Return how many there were."""
    count = 0
    for kind, (model, erase) in KINDS.items():
        listed = list(_listed(model, kind, lines))
        count += len(listed)
        for start in range(0, len(listed), PAGE):
            for row in model._base_manager.filter(pk__in=listed[start : start + PAGE]):
                erase(row)
    _keep(lines)
    return count


def _keep(lines: set[str]) -> None:
    """Note the tombstones that this database lacks: a later backup may have what they stand for."""
    known = set(since(datetime(1970, 1, 1, tzinfo=UTC)))
    for line in sorted(lines - known):
        kind, _, tombstone = line.partition(" ")
        audit.record_tombstone(kind, tombstone)


def _listed(model: Any, kind: str, lines: set[str]) -> Iterator[UUID]:
    ids = model._base_manager.order_by("pk").values_list("pk", flat=True)
    for pk in ids.iterator(chunk_size=PAGE):
        if f"{kind} {audit.tombstone(pk)}" in lines:
            yield pk
