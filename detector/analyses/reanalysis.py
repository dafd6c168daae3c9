"""Campaigns that read old photos with the network that answers now, behind all new work.

A campaign never fills the queue: a few photos are under way at once, and the next are taken up as
these are done, unless something new waits. So an upload waits for a few photos at most, and a pause
counts at once. A photo's earlier result stands until the new one is there, and is kept after that.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet

from detector.common import audit, clock
from detector.enums import UNDER_WAY, ModelStatus, ReanalysisStatus, Status
from detector.exceptions import DetectorError
from detector.models import Analysis, ModelVersion, Photo, Reanalysis, User

NOT_ACTIVE = DetectorError(
    "model_not_active", "Only the active model reads photos. Promote this version first."
)
NOTHING_TO_DO = DetectorError(
    "nothing_to_reanalyse", "The active model has read all these photos already."
)
ANOTHER_RUNS = DetectorError(
    "reanalysis_running", "Another re-analysis is running. Pause it, or wait until it is finished."
)
REPLACED = "Another model became active."
ABOVE_ALL = UUID(int=2**128 - 1)
"""Ids are made by the clocks of hosts: a new one need not be above those of all photos."""


@dataclass(frozen=True)
class Progress:
    """How far a campaign is: of `photos`, these are read, failed, or under way."""

    photos: int
    done: int
    failed: int
    under_way: int

    @property
    def share(self) -> float:
        """What is finished, in [0, 1]."""
        return min((self.done + self.failed) / self.photos, 1.0)


def plan(
    *, model: ModelVersion | None, owner: User | None, from_version: ModelVersion | None
) -> Reanalysis:
    """What `start` would begin now, not stored yet; raises as `start` does."""
    if model is None or not _is_active(model):
        raise NOT_ACTIVE
    if Reanalysis.objects.filter(status=ReanalysisStatus.RUNNING).exists():
        raise ANOTHER_RUNS
    campaign = Reanalysis(
        model_version=model, owner=owner, from_version=from_version, next_before=ABOVE_ALL
    )
    campaign.photos = 0 if from_version == model else _left(campaign).count()
    if not campaign.photos:
        raise NOTHING_TO_DO
    return campaign


def start(
    *,
    model: ModelVersion | None,
    actor: User | None,
    owner: User | None = None,
    from_version: ModelVersion | None = None,
) -> Reanalysis:
    """Begin to read anew what another model read: all, one owner's, or what one version read.

    Raises DetectorError `model_not_active`, `nothing_to_reanalyse` or `reanalysis_running`.
    """
    campaign = plan(model=model, owner=owner, from_version=from_version)
    campaign.started_by = actor
    try:
        with transaction.atomic():
            campaign.save(force_insert=True)
            audit.record(actor, "reanalysis.started", campaign, photos=campaign.photos)
    except IntegrityError as error:
        raise ANOTHER_RUNS from error
    return campaign


def pause(campaign: Reanalysis, actor: User | None) -> bool:
    """Take up no further photo; whether it was running. What is under way is finished."""
    return _steer(campaign, actor, [ReanalysisStatus.RUNNING], ReanalysisStatus.PAUSED)


def resume(campaign: Reanalysis, actor: User | None) -> bool:
    """Go on where it was paused; whether it was.

    Raises DetectorError `model_not_active` or `reanalysis_running`.
    """
    if not _is_active(campaign.model_version):
        raise NOT_ACTIVE
    try:
        return _steer(campaign, actor, [ReanalysisStatus.PAUSED], ReanalysisStatus.RUNNING)
    except IntegrityError as error:
        raise ANOTHER_RUNS from error


def cancel(campaign: Reanalysis, actor: User | None) -> bool:
    """End it for good; whether it had not ended. What was read stays."""
    going = [ReanalysisStatus.RUNNING, ReanalysisStatus.PAUSED]
    return _steer(campaign, actor, going, ReanalysisStatus.CANCELLED, finished_at=clock.now())


@transaction.atomic
def _steer(
    campaign: Reanalysis, actor: User | None, before: Sequence[str], after: str, **changes: object
) -> bool:
    moved = _move(campaign, before, after, **changes)
    if moved:
        audit.record(actor, f"reanalysis.{after}", campaign)
    return moved


def progress(campaign: Reanalysis) -> Progress:
    """How far a campaign is."""
    return progress_of([campaign])[campaign.pk]


def progress_of(campaigns: Iterable[Reanalysis]) -> dict[UUID, Progress]:
    """How far each campaign is, by its id, from one query for all."""
    photos = {campaign.pk: campaign.photos for campaign in campaigns}
    counts: dict[UUID, Counter[str]] = {pk: Counter() for pk in photos}
    rows = Analysis.objects.filter(reanalysis__in=photos).order_by()
    for pk, status, n in rows.values_list("reanalysis", "status").annotate(n=Count("pk")):
        counts[pk]["under_way" if status in UNDER_WAY else status] += n
    return {
        pk: Progress(photos[pk], found[Status.DONE], found[Status.FAILED], found["under_way"])
        for pk, found in counts.items()
    }


def advance() -> list[UUID]:
    """Queue the next photos of the running campaign, where it is their turn; ids of the analyses.

    Whoever calls tells the workers. Safe to call at any time, from any number of processes.
    """
    running = Reanalysis.objects.filter(status=ReanalysisStatus.RUNNING)
    if not running.exists():
        return []
    with transaction.atomic():
        # Held: of several that come at once, one advances and the others have nothing to do.
        held = running.select_for_update(of=("self",), skip_locked=True)
        campaign = held.select_related("model_version").first()
        return _advance(campaign) if campaign else []


def _advance(campaign: Reanalysis) -> list[UUID]:
    if not _is_active(campaign.model_version):
        _move(campaign, [ReanalysisStatus.RUNNING], ReanalysisStatus.PAUSED, note=REPLACED)
        return []
    under_way = campaign.analyses.filter(status__in=UNDER_WAY).count()
    room = settings.REANALYSIS_AT_ONCE - under_way
    if room <= 0 or _something_new_waits():
        return []
    photo_ids = list(_left(campaign).values_list("photo_id", flat=True)[:room])
    if photo_ids:
        Reanalysis.objects.filter(pk=campaign.pk).update(next_before=photo_ids[-1])
        return _queue(campaign, photo_ids)
    if not under_way:
        finished = ReanalysisStatus.FINISHED
        _move(campaign, [ReanalysisStatus.RUNNING], finished, finished_at=clock.now())
    return []


def _left(campaign: Reanalysis) -> QuerySet[Analysis]:
    """Results that the campaign has still to renew, the newest photo first.

    Made-up photos were read by no model. What lies in the bin or never gave a result is left out.
    """
    results = Analysis.objects.filter(
        superseded=False,
        status=Status.DONE,
        photo_id__lt=campaign.next_before,
        photo__deleted_at=None,
        photo__is_demo=False,
    ).exclude(model_version=campaign.model_version)
    if campaign.owner_id:
        results = results.filter(owner=campaign.owner_id)
    if campaign.from_version_id:
        results = results.filter(model_version=campaign.from_version_id)
    return results.order_by("-photo_id")


def _something_new_waits() -> bool:
    waiting = Analysis.objects.filter(status=Status.QUEUED, due_at__lte=clock.now())
    return waiting.filter(reanalysis=None).exists()


def _queue(campaign: Reanalysis, photo_ids: list[UUID]) -> list[UUID]:
    """Queue renewals of these photos but for those that are read anew or deleted at this moment."""
    # Held, as by everyone who asks for an analysis: a photo has one under way at most.
    held = Photo.objects.select_for_update(of=("self",)).order_by("-id")
    photos = list(held.filter(pk__in=photo_ids, deleted_at=None))
    busy = set(
        Analysis.objects.filter(photo__in=photos, status__in=UNDER_WAY).values_list(
            "photo_id", flat=True
        )
    )
    now = clock.now()
    renewals = Analysis.objects.bulk_create(
        Analysis(
            photo=photo,
            owner_id=photo.owner_id,
            reanalysis=campaign,
            superseded=True,
            queued_at=now,
            due_at=now,
            sent_at=now,
        )
        for photo in photos
        if photo.pk not in busy
    )
    return [renewal.pk for renewal in renewals]


def _is_active(model: ModelVersion) -> bool:
    return ModelVersion.objects.filter(pk=model.pk, status=ModelStatus.ACTIVE).exists()


def _move(campaign: Reanalysis, before: Sequence[str], after: str, **changes: object) -> bool:
    """Change the status where it is what one thinks it is; whether it was."""
    changes.setdefault("note", "")
    rows = Reanalysis.objects.filter(pk=campaign.pk, status__in=before)
    moved = rows.update(status=after, **changes)
    if moved:
        campaign.refresh_from_db()
    return moved > 0
