"""What was erased since a day: the tombstones by which a restore leaves it out."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from detector.common import audit
from detector.models import AuditEntry, Photo, User
from detector.operations.backup_errors import BackupError
from detector.photos import erasure

KINDS: Final = {"photo": Photo, "user": User}
PAGE: Final = 1000


def since(moment: datetime) -> Iterator[str]:
    """Yield the kind and the tombstone of each photo and account that was erased since then."""
    found = AuditEntry.objects.filter(action__in=audit.ERASED.values(), at__gte=moment)
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
    """Erase the accounts and photos of this list. Return how many there were."""
    accounts = list(_listed(User, "user", lines))
    for user in User.objects.filter(pk__in=accounts):
        erasure.delete_account(user)
    photos = list(_listed(Photo, "photo", lines))
    for start in range(0, len(photos), PAGE):
        for photo in Photo.objects.filter(pk__in=photos[start : start + PAGE]):
            erasure.delete_photo(photo)
    return len(accounts) + len(photos)


def _listed(model: type[Photo] | type[User], kind: str, lines: set[str]) -> Iterator[UUID]:
    ids = model._base_manager.order_by("pk").values_list("pk", flat=True)
    for pk in ids.iterator(chunk_size=PAGE):
        if f"{kind} {audit.tombstone(pk)}" in lines:
            yield pk
