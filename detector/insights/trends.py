"""What the rollups say about one owner: by model, by day of the year, by hour, of two periods.

Everything here is read from rows whose number days and hours bound, never photos; the one
exception, what people felt, looks at the latest `SELF_REPORTS` photos that tell it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.db.models import F, Max, Min, OuterRef, Q, Subquery, Sum

from detector.common import calendar
from detector.enums import Emotion, Status
from detector.insights import totals
from detector.insights.totals import EmotionShare
from detector.models import Analysis, Face, HourlyEmotion, User

MIN_FOR_SHARES: Final = 5
"""Fewer faces say nothing about a distribution."""
SELF_REPORTS: Final = 500
MONDAY: Final = date(2024, 1, 1)
PLACES: Final = {emotion.value: place for place, emotion in enumerate(Emotion)}


@dataclass(frozen=True)
class ModelUse:
    """A model, how many of an owner's photos it read, and the days these were taken on."""

    id: UUID
    name: str
    photos: int
    first_day: date
    last_day: date


def models_of(owner: User, since: date | None = None, until: date | None = None) -> list[ModelUse]:
    """The models that read an owner's photos of a time, by the first day they read."""
    rows = (
        totals.daily_photos_of(owner, since, until)
        .values("model_version", "model_version__name")
        .annotate(n=Sum("photos"), first=Min("day"), last=Max("day"))
        .order_by("first", "model_version")
    )
    return [
        ModelUse(
            row["model_version"], row["model_version__name"], row["n"], row["first"], row["last"]
        )
        for row in rows
    ]


@dataclass(frozen=True)
class CalendarDay:
    """One day with faces; `dominant` is the most frequent emotion, the first of equals."""

    day: date
    faces: int
    dominant: Emotion
    dominant_faces: int

    @property
    def name(self) -> str:
        """The day, for tables."""
        return self.day.isoformat()


def days_of_year(owner: User, year: int, model_id: UUID | None = None) -> list[CalendarDay]:
    """The days of a year that have faces, in order."""
    rows = (
        totals.daily_emotions_of(owner, date(year, 1, 1), date(year, 12, 31), model_id)
        .order_by("day")
        .values_list("day", "emotion")
        .annotate(n=Sum("faces"))
    )
    days: dict[date, dict[str, int]] = {}
    for day, emotion, faces in rows:
        days.setdefault(day, {})[emotion] = faces
    return [_calendar_day(day, counts) for day, counts in days.items()]


def _calendar_day(day: date, counts: dict[str, int]) -> CalendarDay:
    dominant = _dominant(counts)
    return CalendarDay(day, sum(counts.values()), dominant, counts[dominant.value])


def _dominant(counts: dict[str, int]) -> Emotion:
    """The most frequent emotion, the first of equals."""
    return Emotion(min(counts, key=lambda emotion: (-counts[emotion], PLACES[emotion])))


def weekday_name(weekday: int) -> str:
    """A weekday in the language of dates; 0 is Monday."""
    return calendar.weekday_name(MONDAY + timedelta(days=weekday))


def hour_name(weekday: int, hour: int) -> str:
    """An hour of the week: Tue 15:00."""
    return f"{weekday_name(weekday)} {hour:02}:00"


@dataclass(frozen=True)
class HourCell:
    """One hour of the week that has faces; Monday is weekday 0."""

    weekday: int
    hour: int
    faces: int
    dominant: Emotion
    dominant_faces: int

    @property
    def name(self) -> str:
        """The hour, for tables."""
        return hour_name(self.weekday, self.hour)


def hours(owner: User, model_id: UUID | None = None) -> list[HourCell]:
    """The hours of the week that have faces, over all time."""
    rows = HourlyEmotion.objects.filter(owner=owner)
    if model_id:
        rows = rows.filter(model_version=model_id)
    cells: dict[tuple[int, int], dict[str, int]] = {}
    counted = rows.order_by("weekday", "hour").values_list("weekday", "hour", "emotion")
    for weekday, hour, emotion, faces in counted.annotate(n=Sum("faces")):
        cells.setdefault((weekday, hour), {})[emotion] = faces
    return [_hour_cell(*place, counts) for place, counts in cells.items()]


def _hour_cell(weekday: int, hour: int, counts: dict[str, int]) -> HourCell:
    dominant = _dominant(counts)
    return HourCell(weekday, hour, sum(counts.values()), dominant, counts[dominant.value])


@dataclass(frozen=True)
class Period:
    """The faces of some days, both ends included, and the models that read them."""

    since: date
    until: date
    faces: int
    emotions: list[EmotionShare]
    models: list[ModelUse]

    @property
    def says_something(self) -> bool:
        """Whether there are enough faces for shares to mean anything."""
        return self.faces >= MIN_FOR_SHARES


@dataclass(frozen=True)
class Comparison:
    """Two periods side by side."""

    first: Period
    second: Period

    @property
    def models(self) -> list[ModelUse]:
        """Every model that read either period, once."""
        both = [*self.first.models, *self.second.models]
        return list({model.id: model for model in both}.values())

    @property
    def comparable(self) -> bool:
        """Whether one and the same model read both: else a change may be the model's."""
        return len(self.models) <= 1

    @property
    def pairs(self) -> list[tuple[EmotionShare, EmotionShare]]:
        """Each emotion in the first and in the second period."""
        return list(zip(self.first.emotions, self.second.emotions, strict=True))

    @property
    def changes(self) -> list[float]:
        """Second share minus first, of each emotion."""
        return [after.share - before.share for before, after in self.pairs]


def compare(
    owner: User,
    first: tuple[date, date],
    second: tuple[date, date],
    model_id: UUID | None = None,
) -> Comparison:
    """Two periods, each by its first and last day; whoever shows it asks `comparable` first."""
    return Comparison(_period(owner, *first, model_id), _period(owner, *second, model_id))


def _period(owner: User, since: date, until: date, model_id: UUID | None) -> Period:
    emotions = totals.distribution(totals.daily_emotions_of(owner, since, until, model_id))
    used = models_of(owner, since, until)
    return Period(
        since,
        until,
        sum(row.faces for row in emotions),
        emotions,
        [model for model in used if model_id in (None, model.id)],
    )


@dataclass(frozen=True)
class Agreement:
    """How people said they felt against what the largest face of their photo showed.

    `counts[felt][shown]`; `photos` is their sum, `same` its diagonal.
    """

    photos: int
    same: int
    limited: bool
    counts: dict[Emotion, dict[Emotion, int]]

    @property
    def says_something(self) -> bool:
        """Whether there are enough photos for a share to mean anything."""
        return self.photos >= MIN_FOR_SHARES


def agreement(owner: User, model_id: UUID | None = None) -> Agreement:
    """Over the latest `SELF_REPORTS` photos that say how their owner felt and show a face."""
    largest = Face.objects.filter(analysis=OuterRef("pk")).exclude(effective_emotion="")
    largest = largest.order_by(-(F("width") * F("height")), "index")
    told = Analysis.objects.filter(
        ~Q(photo__felt_emotion=""),
        owner=owner,
        photo__owner=owner,
        photo__deleted_at=None,
        superseded=False,
        status=Status.DONE,
    )
    if model_id:
        told = told.filter(model_version=model_id)
    # Not whole rows: making hundreds of them would take longer than all the rest of the page.
    told = told.annotate(shown=Subquery(largest.values("effective_emotion")[:1])).order_by(
        "-photo_id"
    )
    rows = list(told.values_list("photo__felt_emotion", "shown")[: SELF_REPORTS + 1])
    counts = {felt: dict.fromkeys(Emotion, 0) for felt in Emotion}
    for felt, shown in rows[:SELF_REPORTS]:
        if shown:
            counts[Emotion(felt)][Emotion(shown)] += 1
    return Agreement(
        photos=sum(sum(row.values()) for row in counts.values()),
        same=sum(counts[emotion][emotion] for emotion in Emotion),
        limited=len(rows) > SELF_REPORTS,
        counts=counts,
    )
