"""Every read: scoped to its owner first, with what the caller shows prefetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min, Prefetch, QuerySet, Sum

from detector import clock
from detector.distinct import distinct_values
from detector.enums import UNDER_WAY, Status
from detector.models import (
    Analysis,
    ApiToken,
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
    """The current analyses of an owner's photos with all that a list shows, the newest first."""
    return every_analysis_of(owner).filter(superseded=False)


def every_analysis_of(owner: User) -> QuerySet[Analysis]:
    """Those that do not count, or not yet, as well.

    Said of both tables, the owner lets an index of either be read in the order that is asked for.
    """
    return (
        Analysis.objects.filter(owner=owner, photo__owner=owner, photo__deleted_at=None)
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
    tags = PhotoTag.objects.filter(owner=owner, photo__deleted_at=None)
    return distinct_values(tags, "name")


def bin_of(owner: User) -> QuerySet[Photo]:
    """An owner's photos in the bin, the last deleted first."""
    return Photo.objects.filter(owner=owner, deleted_at__isnull=False).order_by("-deleted_at")


def analysis_of_photo(owner: User, photo_id: UUID) -> Analysis | None:
    """The current analysis of an owner's photo."""
    return analyses_of(owner).filter(photo_id=photo_id).first()


def analysis_of(owner: User, analysis_id: UUID) -> Analysis | None:
    """One analysis of an owner's photo, whether it is the current one or not."""
    return every_analysis_of(owner).filter(pk=analysis_id).first()


def current_id(analysis: Analysis) -> UUID:
    """The id of the analysis that counts of the same photo: its own, unless it is superseded."""
    if not analysis.superseded:
        return analysis.pk
    current = Analysis.objects.filter(photo=analysis.photo_id, superseded=False)
    # None: the photo was erased meanwhile.
    return current.values_list("pk", flat=True).first() or analysis.pk


def renewal_of(analysis: Analysis) -> Analysis | None:
    """The last attempt to renew a result: under way, or failed so that the result stands."""
    # By the database's clock: ids are made by the clocks of hosts.
    later = Analysis.objects.filter(
        photo=analysis.photo_id, superseded=True, queued_at__gt=analysis.queued_at
    )
    return later.order_by("-queued_at").first()


def with_renewals(analyses: QuerySet[Analysis]) -> QuerySet[Analysis]:
    """The same analyses; what is under way to renew them is at hand as `photo.renewals`."""
    renewals = Analysis.objects.filter(superseded=True, status__in=UNDER_WAY)
    return analyses.prefetch_related(Prefetch("photo__analyses", renewals, to_attr="renewals"))


def analyses_by_id(owner: User, ids: Sequence[UUID]) -> list[Analysis]:
    """The owner's analyses among these ids, in the order of the ids."""
    found = {analysis.pk: analysis for analysis in every_analysis_of(owner).filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def unfinished(ids: Sequence[UUID]) -> bool:
    """Whether any of these analyses is still queued or running."""
    return Analysis.objects.filter(pk__in=ids, status__in=UNDER_WAY).exists()


def tokens_of(owner: User) -> QuerySet[ApiToken]:
    """An owner's API tokens, the newest first."""
    tokens: QuerySet[ApiToken] = ApiToken.objects.filter(user=owner)
    return tokens.order_by("-created")


def worker_alive() -> bool:
    """Whether a worker with a warm model was heard from lately; it may miss three sweeps."""
    return _heard_lately(clock.now()).exists()


def _heard_lately(now: datetime) -> QuerySet[WorkerHeartbeat]:
    lately = now - timedelta(seconds=4 * settings.SWEEP_INTERVAL)
    return WorkerHeartbeat.objects.filter(seen_at__gt=lately)


@dataclass(frozen=True)
class Stall:
    """Analyses that wait beside workers that could take them and do not."""

    waiting: int
    seconds: int
    idle: int

    def __str__(self) -> str:
        return (
            f"{self.waiting} analyses wait, the oldest for {self.seconds} s, "
            f"and {self.idle} workers that have nothing to do take none"
        )


def stall() -> Stall | None:
    """What waits although workers that live could take it; None where all is as it should be.

    Only what the broker took counts. A worker that has taken any task lately hears its queue, and
    one that is in the midst of a task, such as a heat map, is busy.
    """
    now = clock.now()
    since = now - timedelta(seconds=settings.WORKER_STALL)
    waiting = Analysis.objects.filter(
        status=Status.QUEUED, due_at__lte=since, sent_at__isnull=False
    ).aggregate(n=Count("pk"), oldest=Min("due_at"))
    if not waiting["n"] or _taken_since(since):
        return None
    idle = _heard_lately(now).filter(is_busy=False).count()
    age = int((now - waiting["oldest"]).total_seconds())
    return Stall(waiting["n"], age, idle) if idle else None


def _taken_since(moment: datetime) -> bool:
    """Whether any worker took a task since; the analyses tell it of workers that are gone."""
    started = Analysis.objects.filter(status__in=UNDER_WAY, started_at__gt=moment)
    return (
        WorkerHeartbeat.objects.filter(taken_at__gt=moment).exists()
        or started.exists()
        or Analysis.objects.filter(finished_at__gt=moment).exists()
    )


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
    """What one of an owner's webhooks was told, the newest first; but of photos in the bin."""
    deliveries = WebhookDelivery.objects.filter(
        endpoint__owner=owner, endpoint=endpoint_id, photo__deleted_at=None
    )
    return deliveries.select_related("endpoint").order_by("-id")
