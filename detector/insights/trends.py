"""Trends of one owner: by model, day of the year and hour of the week, and of two periods.

They are read from the rollups, so their cost does not grow with the number of photos. The one
exception is `agreement`, which reads the latest `SELF_REPORTS` photos with a self-report.
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
"""With fewer faces no shares are shown."""
SELF_REPORTS: Final = 500
MONDAY: Final = date(2024, 1, 1)
PLACES: Final = {emotion.value: place for place, emotion in enumerate(Emotion)}


@dataclass(frozen=True)
class ModelUse:
    """A model, the number of an owner's photos that it analysed, and their first and last day."""

    id: UUID
    name: str
    photos: int
    first_day: date
    last_day: date


def models_of(owner: User, since: date | None = None, until: date | None = None) -> list[ModelUse]:
    """Return the models that analysed an owner's photos between two days, by their first day."""
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
    """A day with faces; `dominant` is the most frequent emotion, the first one on ties."""

    day: date
    faces: int
    dominant: Emotion
    dominant_faces: int

    @property
    def name(self) -> str:
        """The day as text for tables."""
        return self.day.isoformat()


def days_of_year(owner: User, year: int, model_id: UUID | None = None) -> list[CalendarDay]:
    """Return the days of a year that have faces, in order."""
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
    """Return the most frequent emotion; on ties, the first one in the order of `Emotion`."""
    return Emotion(min(counts, key=lambda emotion: (-counts[emotion], PLACES[emotion])))


def weekday_name(weekday: int) -> str:
    """Return the name of a weekday in the language of dates; 0 is Monday."""
    return calendar.weekday_name(MONDAY + timedelta(days=weekday))


def hour_name(weekday: int, hour: int) -> str:
    """Return the name of an hour of the week: Tue 15:00."""
    return f"{weekday_name(weekday)} {hour:02}:00"


@dataclass(frozen=True)
class HourCell:
    """An hour of the week with faces; weekday 0 is Monday."""

    weekday: int
    hour: int
    faces: int
    dominant: Emotion
    dominant_faces: int

    @property
    def name(self) -> str:
        """The hour as text for tables."""
        return hour_name(self.weekday, self.hour)


def hours(owner: User, model_id: UUID | None = None) -> list[HourCell]:
    """Return the hours of the week that have faces, over the whole history."""
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
    """The faces between two days, both included, and the models that analysed them."""

    since: date
    until: date
    faces: int
    emotions: list[EmotionShare]
    models: list[ModelUse]

    @property
    def says_something(self) -> bool:
        """Whether there are at least `MIN_FOR_SHARES` faces."""
        return self.faces >= MIN_FOR_SHARES


@dataclass(frozen=True)
class Comparison:
    """Two periods side by side."""

    first: Period
    second: Period

    @property
    def models(self) -> list[ModelUse]:
        """All models that analysed photos of either period, without repeats."""
        both = [*self.first.models, *self.second.models]
        return list({model.id: model for model in both}.values())

    @property
    def comparable(self) -> bool:
        """Whether the same model analysed both; else it may be the model that changed."""
        return len(self.models) <= 1

    @property
    def pairs(self) -> list[tuple[EmotionShare, EmotionShare]]:
        """The share of each emotion in the first and in the second period."""
        return list(zip(self.first.emotions, self.second.emotions, strict=True))

    @property
    def changes(self) -> list[float]:
        """The second share minus the first, for each emotion."""
        return [after.share - before.share for before, after in self.pairs]


def compare(
    owner: User,
    first: tuple[date, date],
    second: tuple[date, date],
    model_id: UUID | None = None,
) -> Comparison:
    """Compare two periods, given by first and last day. Check `comparable` before showing it."""
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
    """How the owner felt, by self-report, against what the largest face of the photo showed.

    `counts[felt][shown]` is the confusion matrix, `photos` its sum, `same` the sum of its diagonal.
    `limited` says that older self-reports were left out.
    """

    photos: int
    same: int
    limited: bool
    counts: dict[Emotion, dict[Emotion, int]]

    @property
    def says_something(self) -> bool:
        """Whether there are at least `MIN_FOR_SHARES` photos."""
        return self.photos >= MIN_FOR_SHARES


def agreement(owner: User, model_id: UUID | None = None) -> Agreement:
    """Return the agreement over the latest `SELF_REPORTS` photos with a self-report and a face."""
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
    # Read two columns only: building hundreds of model instances would dominate the page's time.
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
