"""Keep the rollups consistent with the analyses, in the same transaction."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import F, QuerySet

from detector.common import locks
from detector.common.statements import field_of
from detector.enums import Status
from detector.insights import recount
from detector.models import (
    Analysis,
    DailyEmotion,
    DailyPhotos,
    Face,
    HourlyEmotion,
    ModelVersion,
    Photo,
    User,
)

Key = tuple[Any, ...]
Counts = dict[str, float]
Row = dict[str, Any]

MAIN_COUNT: Final = {DailyPhotos: "photos", DailyEmotion: "faces", HourlyEmotion: "faces"}
"""The main count of each rollup: a row where it falls to 0 is deleted."""


def add(photo: Photo) -> None:
    """Add a photo with its faces to the rollups, if its current analysis is done."""
    _count(photo, sign=1)


def add_new(photo: Photo, model: ModelVersion, faces: Iterable[Face]) -> None:
    """Add a photo whose current analysis has just been stored with these faces.

    The caller holds the lock of `photo.owner`.
    """
    tally = Tally()
    tally.add(model.pk, _moment(photo, photo.owner), faces)
    for table, rows in tally.tables():
        _add(table, photo.owner, rows)


def remove(photo: Photo) -> None:
    """Subtract a photo with its faces from the rollups."""
    _count(photo, sign=-1)


def counted_faces(photo: Photo) -> QuerySet[Face]:
    """Return the faces that are counted: those of the photo's current, done analysis."""
    return Face.objects.filter(
        analysis__photo=photo, analysis__superseded=False, analysis__status=Status.DONE
    )


@transaction.atomic
def rebuild(owner: User) -> int:
    """Recount all photos of an owner, as after a change of time zone. Return the rows written."""
    owner = locks.lock_owner(owner.pk)
    tally = Tally()
    for photos in recount.photos_by_hour(owner):
        tally.add_photos(photos)
    for faces in recount.faces_by_hour(owner):
        tally.add_faces(faces)
    return sum(_replace(table, owner, rows) for table, rows in tally.tables())


def day_of(photo: Photo, owner: User) -> date:
    """Return the day on which the photo was taken, in the owner's time zone."""
    return _moment(photo, owner).date()


def _zero_counts(*names: str) -> Callable[[], dict[Key, Counts]]:
    """Return a factory of dictionaries whose missing rows begin with all counts at 0."""
    return lambda: defaultdict(lambda: dict.fromkeys(names, 0))


@dataclass
class Tally:
    """Counts for the rollups, by the key of their row."""

    photos: dict[Key, Counts] = field(default_factory=_zero_counts("photos", "without_face"))
    emotions: dict[Key, Counts] = field(
        default_factory=_zero_counts("faces", "uncertain", "corrected", "confidence_sum")
    )
    hours: dict[Key, Counts] = field(default_factory=_zero_counts("faces"))

    def add(self, model_id: UUID, moment: datetime, faces: Iterable[Face]) -> None:
        """Count one photo with its faces; `moment` is in the owner's time zone.

        Faces that people rejected as not a face are not counted.
        """
        faces = [face for face in faces if not face.is_dismissed]
        day = moment.date()
        self.photos[model_id, day]["photos"] += 1
        self.photos[model_id, day]["without_face"] += not faces
        for face in faces:
            emotion = self.emotions[model_id, day, face.counted_as]
            emotion["faces"] += 1
            emotion["uncertain"] += face.is_uncertain
            emotion["corrected"] += face.is_corrected
            emotion["confidence_sum"] += face.effective_confidence
            hour = (model_id, moment.weekday(), moment.hour, face.counted_as)
            self.hours[hour]["faces"] += 1

    def add_photos(self, counted: recount.PhotosOfHour) -> None:
        """Count the photos of one hour."""
        row = self.photos[counted.model_id, counted.hour.date()]
        row["photos"] += counted.photos
        row["without_face"] += counted.without_face

    def add_faces(self, counted: recount.FacesOfHour) -> None:
        """Count the faces of one hour with one expression."""
        moment = counted.hour
        row = self.emotions[counted.model_id, moment.date(), counted.emotion]
        row["faces"] += counted.faces
        row["uncertain"] += counted.uncertain
        row["corrected"] += counted.corrected
        row["confidence_sum"] += counted.confidence_sum
        hour = (counted.model_id, moment.weekday(), moment.hour, counted.emotion)
        self.hours[hour]["faces"] += counted.faces

    def tables(self) -> "list[tuple[type[models.Model], list[tuple[Row, Counts]]]]":
        """Return each rollup with its rows as pairs of key and counts."""
        return [
            (table, [(dict(zip(names, key, strict=True)), row) for key, row in counts.items()])
            for table, names, counts in (
                (DailyPhotos, ("model_version_id", "day"), self.photos),
                (DailyEmotion, ("model_version_id", "day", "emotion"), self.emotions),
                (HourlyEmotion, ("model_version_id", "weekday", "hour", "emotion"), self.hours),
            )
        ]


def _count(photo: Photo, *, sign: int) -> None:
    # One lock for all rollups of an owner: it prevents deadlocks between photos whose faces come in
    # different orders, and counting in a time zone that is being changed.
    owner = locks.lock_owner(photo.owner_id)
    done = Analysis.objects.filter(photo=photo, superseded=False, status=Status.DONE)
    model_id = done.values_list("model_version_id", flat=True).first()
    if model_id is None:
        return
    tally = Tally()
    tally.add(model_id, _moment(photo, owner), counted_faces(photo))
    for table, rows in tally.tables():
        if sign > 0:
            _add(table, owner, rows)
            continue
        for key, counts in rows:
            _subtract(table, owner, key, counts)


def _add(table: type[models.Model], owner: User, rows: list[tuple[Row, Counts]]) -> None:
    """Add counts to the rows with these keys, or insert the rows, in one statement.

    https://www.sqlite.org/lang_upsert.html is modelled on that of PostgreSQL.
    """
    if not rows:
        return
    keys, counts = ["owner_id", *rows[0][0]], [*rows[0][1]]
    name = table._meta.db_table
    sums = ", ".join(f"{count} = {name}.{count} + excluded.{count}" for count in counts)
    marks = ", ".join(["(" + ", ".join(["%s"] * (len(keys) + len(counts))) + ")"] * len(rows))
    fields = [field_of(table, column) for column in (*keys, *counts)]
    values = [
        field.get_db_prep_save(value, connection)
        for key, row in rows
        for field, value in zip(fields, (owner.pk, *key.values(), *row.values()), strict=True)
    ]
    # Names of columns are those of the models; values stay query parameters.
    statement = f"""
        INSERT INTO {name} ({", ".join([*keys, *counts])}) VALUES {marks}
        ON CONFLICT ({", ".join(keys)}) DO UPDATE SET {sums}
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _subtract(table: type[models.Model], owner: User, key: Row, counts: Counts) -> None:
    rows = table._default_manager.filter(owner=owner, **key)
    main = MAIN_COUNT[table]
    rows.filter(**{f"{main}__lte": counts[main]}).delete()
    rows.update(**{name: F(name) - count for name, count in counts.items()})


def _replace(table: type[models.Model], owner: User, rows: list[tuple[Row, Counts]]) -> int:
    table._default_manager.filter(owner=owner).delete()
    new = [table(owner=owner, **key, **counts) for key, counts in rows]
    return len(table._default_manager.bulk_create(new, batch_size=500))


def _moment(photo: Photo, owner: User) -> datetime:
    return photo.taken_at.astimezone(owner.zone)
