"""Rows of an export, read in pages as plain values: models would take three times as long."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

from detector.analyses import selectors as analysis_selectors
from detector.models import Face, PhotoTag, User

PAGE_SIZE: Final = 2_000
"""Photos whose faces and tags are read together."""


class PhotoRow(NamedTuple):
    """A photo with its current analysis; `model` is the name of the version."""

    analysis_id: UUID
    photo_id: UUID
    filename: str
    sha256: str
    source: str
    width: int
    height: int
    uploaded_at: datetime
    captured_at: datetime | None
    queued_at: datetime
    status: str
    error_code: str
    model: str | None
    note: str
    felt_emotion: str


FIELDS: Final = (
    "pk",
    "photo_id",
    "photo__filename",
    "photo__sha256",
    "photo__source",
    "photo__width",
    "photo__height",
    "photo__uploaded_at",
    "photo__captured_at",
    "queued_at",
    "status",
    "error_code",
    "model_version__name",
    "photo__note",
    "photo__felt_emotion",
)
"""Columns of the database that fill `PhotoRow`."""


@dataclass(frozen=True)
class Entry:
    """A photo with its tags, and with the values of each of its faces."""

    photo: PhotoRow
    tags: list[str]
    faces: list[tuple[Any, ...]]


def entries(owner: User, face_fields: Sequence[str]) -> Iterator[Entry]:
    """Yield all photos of an owner, the oldest first, with these fields of their faces."""
    analyses = analysis_selectors.analyses_of(owner).prefetch_related(None).order_by("pk")
    rows = analyses.values_list(*FIELDS).iterator(chunk_size=PAGE_SIZE)
    while page := [PhotoRow(*row) for row in islice(rows, PAGE_SIZE)]:
        faces = _grouped(
            Face.objects.filter(analysis__in=[row.analysis_id for row in page])
            .order_by("analysis_id", "index")
            .values_list("analysis_id", *face_fields)
        )
        tags = _grouped(
            PhotoTag.objects.filter(photo__in=[row.photo_id for row in page])
            .order_by("photo_id", "name")
            .values_list("photo_id", "name")
        )
        for row in page:
            names = [name for (name,) in tags[row.photo_id]]
            yield Entry(row, names, faces[row.analysis_id])


def _grouped(rows: Any) -> dict[UUID, list[tuple[Any, ...]]]:
    """Return rows without their first value, by that value."""
    groups: dict[UUID, list[tuple[Any, ...]]] = defaultdict(list)
    for key, *values in rows.iterator():
        groups[key].append(tuple(values))
    return groups
