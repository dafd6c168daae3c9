"""Keeps the rollups in step with the analyses, inside the transaction that changes them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from django.db import models, transaction
from django.db.models import F, QuerySet

from detector.enums import Status
from detector.models import (
    Analysis,
    DailyEmotion,
    DailyPhotos,
    Face,
    HourlyEmotion,
    Photo,
    User,
)

Key = tuple[Any, ...]


def add(photo: Photo) -> None:
    """Count a photo with its faces, where its current analysis is done; else nothing."""
    _count(photo, sign=1)


def remove(photo: Photo) -> None:
    """Take a photo with its faces out of the count again."""
    _count(photo, sign=-1)


def counted_faces(photo: Photo) -> QuerySet[Face]:
    """The faces that count: those of a photo's current analysis."""
    return Face.objects.filter(
        analysis__photo=photo, analysis__superseded=False, analysis__status=Status.DONE
    )


@transaction.atomic
def rebuild(owner: User) -> int:
    """Count an owner's photos anew; the number of rows. Needed after a change of time zone."""
    owner = _locked(owner.pk)
    tally = Tally()
    done = Analysis.objects.filter(
        photo__owner=owner, photo__deleted_at=None, status=Status.DONE, superseded=False
    )
    for analysis in done.select_related("photo").prefetch_related("faces").iterator(500):
        # A constraint sees to it that what is done names its model.
        model_id = cast(UUID, analysis.model_version_id)
        tally.add(model_id, _moment(analysis.photo, owner), analysis.faces.all())
    return sum(_replace(table, owner, rows) for table, rows in tally.tables())


def day_of(photo: Photo, owner: User) -> date:
    """The owner's calendar day on which the photo was taken."""
    return _moment(photo, owner).date()


@dataclass
class Tally:
    """Counts to be put into the rollups, each under the values of its row's key."""

    photos: dict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    emotions: dict[Key, dict[str, float]] = field(
        default_factory=lambda: defaultdict(
            lambda: {"faces": 0, "uncertain": 0, "corrected": 0, "confidence": 0.0}
        )
    )
    hours: dict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, model_id: UUID, moment: datetime, faces: Iterable[Face]) -> None:
        """Count one photo, taken at this moment of its owner's clock, as people see it by now.

        What they say is no face is none.
        """
        faces = [face for face in faces if not face.is_dismissed]
        day = moment.date()
        self.photos[model_id, day].update(photos=1, without_face=0 if faces else 1)
        for face in faces:
            emotion = self.emotions[model_id, day, face.effective_emotion]
            emotion["faces"] += 1
            emotion["uncertain"] += face.is_uncertain
            emotion["corrected"] += face.is_corrected
            emotion["confidence"] += face.effective_confidence
            hour = (model_id, moment.weekday(), moment.hour, face.effective_emotion)
            self.hours[hour]["faces"] += 1

    def tables(self) -> "list[tuple[type[models.Model], list[tuple[Row, Row]]]]":
        """Each rollup with its rows: what names a row, and what it counts."""
        photos = [
            (
                {"model_version_id": model_id, "day": day},
                {"photos": counts["photos"], "without_face": counts["without_face"]},
            )
            for (model_id, day), counts in self.photos.items()
        ]
        emotions = [
            (
                {"model_version_id": model_id, "day": day, "emotion": emotion},
                {
                    "faces": int(counts["faces"]),
                    "uncertain": int(counts["uncertain"]),
                    "corrected": int(counts["corrected"]),
                    "confidence_sum": counts["confidence"],
                },
            )
            for (model_id, day, emotion), counts in self.emotions.items()
        ]
        hours = [
            (
                {
                    "model_version_id": model_id,
                    "weekday": weekday,
                    "hour": hour,
                    "emotion": emotion,
                },
                {"faces": counts["faces"]},
            )
            for (model_id, weekday, hour, emotion), counts in self.hours.items()
        ]
        return [(DailyPhotos, photos), (DailyEmotion, emotions), (HourlyEmotion, hours)]


Row = dict[str, Any]
WHOLE = {DailyPhotos: "photos", DailyEmotion: "faces", HourlyEmotion: "faces"}
"""What each rollup counts: a row where nothing of it is left goes."""


def _count(photo: Photo, *, sign: int) -> None:
    owner = _locked(photo.owner_id)
    done = Analysis.objects.filter(photo=photo, superseded=False, status=Status.DONE)
    model_id = done.values_list("model_version_id", flat=True).first()
    if model_id is None:
        return
    tally = Tally()
    tally.add(model_id, _moment(photo, owner), counted_faces(photo))
    for table, rows in tally.tables():
        for key, counts in rows:
            if sign > 0:
                _add(table, owner, key, counts)
            else:
                _take(table, owner, key, counts)


def _add(table: type[models.Model], owner: User, key: Row, counts: Row) -> None:
    row, made = table._default_manager.get_or_create(owner=owner, **key, defaults=counts)
    if not made:
        more = {name: F(name) + count for name, count in counts.items()}
        table._default_manager.filter(pk=row.pk).update(**more)


def _take(table: type[models.Model], owner: User, key: Row, counts: Row) -> None:
    rows = table._default_manager.filter(owner=owner, **key)
    whole = WHOLE[table]
    rows.filter(**{f"{whole}__lte": counts[whole]}).delete()
    rows.update(**{name: F(name) - count for name, count in counts.items()})


def _replace(table: type[models.Model], owner: User, rows: list[tuple[Row, Row]]) -> int:
    table._default_manager.filter(owner=owner).delete()
    made = [table(owner=owner, **key, **counts) for key, counts in rows]
    return len(table._default_manager.bulk_create(made, batch_size=500))


def _moment(photo: Photo, owner: User) -> datetime:
    return photo.taken_at.astimezone(owner.zone)


def _locked(owner_id: UUID) -> User:
    """The owner as of now, held until the transaction ends.

    One lock for all of an owner's rows: two photos whose faces come in different orders cannot
    wait for each other, and none counts in a time zone that is being left.
    """
    return User.objects.select_for_update(no_key=True).get(pk=owner_id)
