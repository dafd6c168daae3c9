"""Totals of a user's history between two days, read from the daily rollups."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth, TruncWeek, TruncYear

from detector.common.calendar import end_of_day, start_of_day
from detector.enums import WITHOUT_RESULT, Emotion, Status
from detector.models import Analysis, DailyEmotion, DailyPhotos, User


@dataclass(frozen=True)
class EmotionShare:
    """One emotion among a user's faces; share in [0, 1]; no mean without faces."""

    emotion: Emotion
    faces: int
    share: float
    mean_confidence: float | None


@dataclass(frozen=True)
class Summary:
    """The totals of a user's history between two days."""

    photos: int
    faces: int
    uncertain: int
    corrected: int
    waiting: int
    failed: int
    without_face: int
    first_day: date | None
    last_day: date | None
    emotions: list[EmotionShare]


def summary(
    owner: User,
    since: date | None = None,
    until: date | None = None,
    model_id: UUID | None = None,
) -> Summary:
    """Return totals and the distribution of emotions between two days, both included.

    With `model_id`, only results of that model are counted, and no waiting or failed photos.
    """
    days = daily_emotions_of(owner, since, until, model_id)
    photos = daily_photos_of(owner, since, until, model_id)
    read = photos.aggregate(n=Sum("photos"), without_face=Sum("without_face"))
    seen = days.aggregate(
        uncertain=Sum("uncertain"), corrected=Sum("corrected"), first=Min("day"), last=Max("day")
    )
    emotions = distribution(days)
    waiting, failed = (0, 0) if model_id else _without_result(owner, since, until)
    return Summary(
        photos=(read["n"] or 0) + waiting + failed,
        faces=sum(row.faces for row in emotions),
        uncertain=seen["uncertain"] or 0,
        corrected=seen["corrected"] or 0,
        waiting=waiting,
        failed=failed,
        without_face=read["without_face"] or 0,
        first_day=seen["first"],
        last_day=seen["last"],
        emotions=emotions,
    )


def distribution(days: QuerySet[DailyEmotion]) -> list[EmotionShare]:
    """Return the shares of all seven emotions among the faces of these days."""
    rows = {
        row["emotion"]: row
        for row in days.values("emotion").annotate(n=Sum("faces"), c=Sum("confidence_sum"))
    }
    faces = sum(row["n"] for row in rows.values())
    return [_share(emotion, rows.get(emotion.value), faces) for emotion in Emotion]


def _share(emotion: Emotion, row: Mapping[str, Any] | None, faces: int) -> EmotionShare:
    if row is None:
        return EmotionShare(emotion, 0, 0.0, None)
    count = int(row["n"])
    return EmotionShare(emotion, count, count / faces, row["c"] / count)


def _without_result(owner: User, since: date | None, until: date | None) -> tuple[int, int]:
    """Count waiting and failed photos; the partial indexes `analysis_without_result…` serve it."""
    unread = Analysis.objects.filter(
        ~Q(status=Status.DONE),
        _taken(owner, since, until, prefix="photo__"),
        status__in=WITHOUT_RESULT,
        owner=owner,
        superseded=False,
        photo__deleted_at=None,
    )
    counts = unread.aggregate(all=Count("pk"), failed=Count("pk", filter=Q(status=Status.FAILED)))
    return counts["all"] - counts["failed"], counts["failed"]


@dataclass(frozen=True)
class TimelinePoint:
    """The faces of a day, week (from Monday), month or year, by emotion."""

    start: date
    faces: dict[Emotion, int]


BUCKETS = {
    "day": F("day"),
    "week": TruncWeek("day"),
    "month": TruncMonth("day"),
    "year": TruncYear("day"),
}


def timeline(
    owner: User,
    bucket: str,
    since: date | None = None,
    until: date | None = None,
    model_id: UUID | None = None,
) -> list[TimelinePoint]:
    """Count each emotion over time, without empty periods; `bucket` is a key of `BUCKETS`."""
    rows = (
        daily_emotions_of(owner, since, until, model_id)
        .annotate(start=BUCKETS[bucket])
        .order_by("start")
        .values_list("start", "emotion")
        .annotate(n=Sum("faces"))
    )
    points: dict[date, dict[Emotion, int]] = {}
    for start, emotion, faces in rows:
        points.setdefault(start, dict.fromkeys(Emotion, 0))[Emotion(emotion)] = faces
    return [TimelinePoint(start, counts) for start, counts in points.items()]


def daily_emotions_of(
    owner: User, since: date | None, until: date | None, model_id: UUID | None = None
) -> QuerySet[DailyEmotion]:
    """Return an owner's rollups of faces between two days, both included."""
    between = _between(since, until, model_id)
    return DailyEmotion.objects.filter(between, owner=owner).order_by()


def daily_photos_of(
    owner: User, since: date | None, until: date | None, model_id: UUID | None = None
) -> QuerySet[DailyPhotos]:
    """Return an owner's rollups of analysed photos between two days, both included."""
    return DailyPhotos.objects.filter(_between(since, until, model_id), owner=owner).order_by()


def _between(since: date | None, until: date | None, model_id: UUID | None) -> Q:
    condition = Q(model_version=model_id) if model_id else Q()
    if since:
        condition &= Q(day__gte=since)
    if until:
        condition &= Q(day__lte=until)
    return condition


def _taken(owner: User, since: date | None, until: date | None, *, prefix: str) -> Q:
    """Return the condition for photos taken between two days of the owner, both included."""
    condition = Q()
    if since:
        condition &= Q(**{f"{prefix}taken_at__gte": start_of_day(since, owner.zone)})
    if until:
        condition &= Q(**{f"{prefix}taken_at__lt": end_of_day(until, owner.zone)})
    return condition
