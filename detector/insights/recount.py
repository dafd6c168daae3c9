"""Count photos and faces by the hour of their owner's clock, in the database.

Databases have time zone data of their own, which may be older than Python's. So Python says from
when to when the clock had which offset from UTC, and the database only adds it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    Sum,
    Value,
    When,
)
from django.db.models.sql.compiler import SQLCompiler

from detector.enums import Emotion, Status
from detector.models import Analysis, Face, Photo, User

DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Period:
    """A time in which the offset of a clock from UTC stays the same; `until` is not part of it."""

    since: datetime
    until: datetime
    offset: timedelta


@dataclass(frozen=True)
class PhotosOfHour:
    """The photos of one local hour that a model analysed."""

    model_id: UUID
    hour: datetime
    photos: int
    without_face: int


@dataclass(frozen=True)
class FacesOfHour:
    """The faces of one local hour that showed one expression, by one model."""

    model_id: UUID
    hour: datetime
    emotion: str
    faces: int
    uncertain: int
    corrected: int
    confidence_sum: float


def photos_by_hour(owner: User) -> Iterator[PhotosOfHour]:
    """Count an owner's analysed photos."""
    faces = Face.objects.filter(analysis=OuterRef("pk")).exclude(effective_emotion="")
    rows = (
        Analysis.objects.filter(**_counted(owner))
        .order_by()
        .annotate(hour=_local_hour(owner, "photo__taken_at"))
        .values_list("model_version_id", "hour")
        .annotate(photos=Count("pk"), without_face=Count("pk", filter=~Exists(faces)))
    )
    for model_id, hour, *counts in rows.iterator():
        yield PhotosOfHour(model_id, datetime.fromisoformat(hour), *counts)


def faces_by_hour(owner: User) -> Iterator[FacesOfHour]:
    """Count an owner's faces, except those that people rejected as not a face.

    The conditions are those of `Face.is_uncertain`, `is_corrected` and `effective_confidence`.
    """
    named = Q(reviewed_emotion__in=Emotion.values)
    corrected = named & ~Q(reviewed_emotion=F("emotion"))
    confidence = Case(
        *(
            When(corrected & Q(reviewed_emotion=emotion), then=F(name))
            for emotion, name in Face.PROBABILITY_FIELDS.items()
        ),
        default=F("confidence"),
    )
    rows = (
        Face.objects.filter(**_counted(owner, prefix="analysis__"))
        .exclude(effective_emotion="")
        .order_by()
        .annotate(hour=_local_hour(owner, "analysis__photo__taken_at"))
        .values_list("analysis__model_version_id", "hour", "effective_emotion")
        .annotate(
            n=Count("pk"),
            uncertain_n=Count("pk", filter=Q(uncertain=True) & ~named),
            corrected_n=Count("pk", filter=corrected),
            confidence_sum=Sum(confidence),
        )
    )
    for model_id, hour, *counts in rows.iterator():
        yield FacesOfHour(model_id, datetime.fromisoformat(hour), *counts)


def periods(zone: tzinfo, first: datetime, last: datetime) -> list[Period]:
    """Return the periods of equal offset from one moment to another, both included.

    Days are compared, so a clock that is changed and set back within a day would be missed; the
    IANA time zone database has none since 1899.
    """
    found = []
    since = moment = first.astimezone(UTC)
    end = last.astimezone(UTC) + SECOND
    while moment < end:
        following = min(moment + DAY, end)
        if _offset(zone, following) != _offset(zone, since):
            following = _change(zone, moment, following)
            found.append(Period(since, following, _offset(zone, since)))
            since = following
        moment = following
    found.append(Period(since, end, _offset(zone, since)))
    return found


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return the first whole second at which the offset is no longer that of `before`."""
    start = before.replace(microsecond=0)
    low, high = 0, int((after - start) / SECOND) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, start + middle * SECOND) == _offset(zone, before):
            low = middle
        else:
            high = middle
    return start + high * SECOND


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _counted(owner: User, prefix: str = "") -> dict[str, Any]:
    """Return the conditions for the analyses that the rollups count."""
    conditions = {
        "owner": owner,
        "photo__owner": owner,
        "photo__deleted_at": None,
        "status": Status.DONE,
        "superseded": False,
    }
    return {prefix + name: value for name, value in conditions.items()}


def _local_hour(owner: User, taken_at: str) -> "LocalHour":
    """Return the expression for the hour of the owner's clock when a photo was taken."""
    photos = Photo.objects.filter(owner=owner).values_list("taken_at", flat=True)
    first, last = photos.order_by("taken_at").first(), photos.order_by("taken_at").last()
    of_owner = periods(owner.zone, first, last) if first and last else []
    offsets = [
        When(**{f"{taken_at}__lt": period.until}, then=_seconds(period.offset))
        for period in of_owner[:-1]
    ]
    last_offset = of_owner[-1].offset if of_owner else timedelta()
    return LocalHour(F(taken_at), Case(*offsets, default=_seconds(last_offset)))


def _seconds(offset: timedelta) -> Value:
    return Value(f"{offset.total_seconds():+.0f} seconds")


class LocalHour(Func):
    """A moment's date and hour as ISO 8601 text, at an offset from UTC such as `+3600 seconds`."""

    output_field = CharField()
    arity = 2

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> Any:
        """Return the SQL for SQLite, which would round 23:59:59.9996 up to the next day."""
        template = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H', SUBSTR(%(expressions)s)"
        return self.as_sql(
            compiler, connection, template=template, arg_joiner=", 1, 19), ", **context
        )

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> Any:
        """Return the SQL for PostgreSQL."""
        template = "TO_CHAR(%(expressions)s::interval, 'YYYY-MM-DD HH24')"
        return self.as_sql(
            compiler, connection, template=template, arg_joiner=" AT TIME ZONE 'UTC' + ", **context
        )
