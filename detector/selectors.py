"""Every read: scoped to its owner first, with what the caller shows prefetched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Max, Min, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth, TruncWeek, TruncYear
from django.utils import timezone

from detector.days import end_of_day, start_of_day
from detector.enums import UNDER_WAY, Emotion, Status
from detector.models import (
    Analysis,
    ApiToken,
    DailyEmotion,
    DailyPhotos,
    Explanation,
    Face,
    ModelVersion,
    Photo,
    PhotoTag,
    User,
    WebhookDelivery,
    WebhookEndpoint,
    WorkerHeartbeat,
)


def analyses_of(owner: User) -> QuerySet[Analysis]:
    """The current analyses of an owner's photos with all that a list shows, the newest first.

    Said of both tables, the owner lets an index of either be read in the order that is asked for.
    """
    return (
        Analysis.objects.filter(
            owner=owner, photo__owner=owner, photo__deleted_at=None, superseded=False
        )
        .select_related("photo", "model_version")
        .prefetch_related("faces", "photo__tags")
        .order_by("-id")
    )


def photos_of(owner: User) -> QuerySet[Photo]:
    """All photos of an owner but those in the bin."""
    return Photo.objects.filter(owner=owner, deleted_at=None)


def faces_of_photo(photo: Photo) -> QuerySet[Face]:
    """The faces that count: those of a photo's current analysis."""
    return Face.objects.filter(
        analysis__photo=photo, analysis__superseded=False, analysis__status=Status.DONE
    )


def face_of(owner: User, photo_id: UUID, index: int) -> Face | None:
    """A face of an owner's photo, in its current analysis."""
    faces = Face.objects.filter(
        analysis__photo__owner=owner,
        analysis__photo__deleted_at=None,
        analysis__superseded=False,
        analysis__photo_id=photo_id,
        index=index,
    )
    return faces.select_related("analysis__photo").first()


def explanation_of(face: Face) -> Explanation | None:
    """The heat map of a face, or how far it is; None where nobody asked for one."""
    return Explanation.objects.filter(face=face).first()


def tag_names_of(owner: User) -> list[str]:
    """Every tag that an owner uses, once."""
    tags = PhotoTag.objects.filter(photo__owner=owner, photo__deleted_at=None)
    return list(tags.order_by("name").values_list("name", flat=True).distinct())


def bin_of(owner: User) -> QuerySet[Photo]:
    """An owner's photos in the bin, the last deleted first."""
    return Photo.objects.filter(owner=owner, deleted_at__isnull=False).order_by("-deleted_at")


def analysis_of_photo(owner: User, photo_id: UUID) -> Analysis | None:
    """The current analysis of an owner's photo."""
    return analyses_of(owner).filter(photo_id=photo_id).first()


def analysis_of(owner: User, analysis_id: UUID) -> Analysis | None:
    """One analysis of an owner's photo, whether it is the current one or not."""
    ids = Analysis.objects.filter(owner=owner, photo__deleted_at=None, pk=analysis_id)
    return ids.select_related("photo", "model_version").prefetch_related("faces").first()


def renewal_of(analysis: Analysis) -> Analysis | None:
    """The last attempt to renew a result: under way, or failed so that the result stands."""
    later = Analysis.objects.filter(photo=analysis.photo_id, superseded=True, pk__gt=analysis.pk)
    return later.order_by("-id").first()


def with_renewals(analyses: QuerySet[Analysis]) -> QuerySet[Analysis]:
    """The same analyses; what is under way to renew them is at hand as `photo.renewals`."""
    renewals = Analysis.objects.filter(superseded=True, status__in=UNDER_WAY)
    return analyses.prefetch_related(Prefetch("photo__analyses", renewals, to_attr="renewals"))


def analyses_by_id(owner: User, ids: Sequence[UUID]) -> list[Analysis]:
    """The owner's analyses among these ids, in the order of the ids."""
    found = {analysis.pk: analysis for analysis in analyses_of(owner).filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def unfinished(ids: Sequence[UUID]) -> bool:
    """Whether any of these analyses is still queued or running."""
    return Analysis.objects.filter(pk__in=ids, status__in=UNDER_WAY).exists()


def neighbours(owner: User, photo_id: UUID) -> tuple[UUID | None, UUID | None]:
    """The photos uploaded just before and just after this one."""
    ids = photos_of(owner).order_by("id").values_list("id", flat=True)
    return ids.filter(id__lt=photo_id).last(), ids.filter(id__gt=photo_id).first()


def tokens_of(owner: User) -> QuerySet[ApiToken]:
    """An owner's API tokens, the newest first."""
    tokens: QuerySet[ApiToken] = ApiToken.objects.filter(user=owner)
    return tokens.order_by("-created")


@dataclass(frozen=True)
class EmotionShare:
    """One emotion among a person's faces; share in [0, 1]; no mean without a face."""

    emotion: Emotion
    faces: int
    share: float
    mean_confidence: float | None


@dataclass(frozen=True)
class Summary:
    """What a person's history holds between two days."""

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
    """Totals and the distribution of expressions; days are the owner's, both included.

    With a model, only what that model read; what waits or failed was read by none.
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
    """All seven emotions among the faces of some days."""
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
    """How many photos wait and how many failed; an index holds just these."""
    unread = Analysis.objects.filter(
        ~Q(status=Status.DONE),
        _taken(owner, since, until, prefix="photo__"),
        owner=owner,
        superseded=False,
        photo__deleted_at=None,
    )
    counts = unread.aggregate(all=Count("pk"), failed=Count("pk", filter=Q(status=Status.FAILED)))
    return counts["all"] - counts["failed"], counts["failed"]


@dataclass(frozen=True)
class TimelinePoint:
    """The faces of a day, week (from Monday), month or year by emotion; empty ones are left out."""

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
    """Counts of each emotion over time; `bucket` is a key of `BUCKETS`."""
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
    """An owner's faces by day, model and emotion; days both included."""
    between = _between(since, until, model_id)
    return DailyEmotion.objects.filter(between, owner=owner).order_by()


def daily_photos_of(
    owner: User, since: date | None, until: date | None, model_id: UUID | None = None
) -> QuerySet[DailyPhotos]:
    """An owner's photos that were read, by day and model; days both included."""
    return DailyPhotos.objects.filter(_between(since, until, model_id), owner=owner).order_by()


def _between(since: date | None, until: date | None, model_id: UUID | None) -> Q:
    condition = Q(model_version=model_id) if model_id else Q()
    if since:
        condition &= Q(day__gte=since)
    if until:
        condition &= Q(day__lte=until)
    return condition


def _taken(owner: User, since: date | None, until: date | None, *, prefix: str) -> Q:
    """Photos taken between two of the owner's days, both included."""
    condition = Q()
    if since:
        condition &= Q(**{f"{prefix}taken_at__gte": start_of_day(since, owner.zone)})
    if until:
        condition &= Q(**{f"{prefix}taken_at__lt": end_of_day(until, owner.zone)})
    return condition


def worker_alive() -> bool:
    """Whether a worker with a warm model was heard from lately; it may miss three sweeps."""
    lately = timezone.now() - timedelta(seconds=4 * settings.SWEEP_INTERVAL)
    return WorkerHeartbeat.objects.filter(seen_at__gt=lately).exists()


@dataclass(frozen=True)
class Usage:
    """How much a person keeps, the bin included."""

    photos: int
    bytes: int


def usage(owner: User) -> Usage:
    """How much of their quotas a person uses."""
    total = Photo.objects.filter(owner=owner).aggregate(n=Count("pk"), size=Sum("stored_bytes"))
    return Usage(total["n"], total["size"] or 0)


def model_versions() -> QuerySet[ModelVersion]:
    """The networks that have answered here, the newest first."""
    return ModelVersion.objects.order_by("-id")


def webhooks_of(owner: User) -> QuerySet[WebhookEndpoint]:
    """An owner's webhooks, the newest first."""
    return WebhookEndpoint.objects.filter(owner=owner).order_by("-id")


def disabled_webhooks_of(owner: User) -> QuerySet[WebhookEndpoint]:
    """Those of an owner's webhooks that are told nothing more."""
    return webhooks_of(owner).exclude(disabled_at=None)


def deliveries_of(owner: User, endpoint_id: UUID) -> QuerySet[WebhookDelivery]:
    """What one of an owner's webhooks was told, the newest first."""
    deliveries = WebhookDelivery.objects.filter(endpoint__owner=owner, endpoint=endpoint_id)
    return deliveries.select_related("endpoint").order_by("-id")
