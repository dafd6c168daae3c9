"""Campaigns that analyse old photos again with the active model, behind all new work.

A campaign never fills the queue: a few photos are under way at once, and the next ones are queued
as these are done, unless new work waits. So an upload waits for a few photos at most, and a pause
takes effect at once. The earlier result of a photo is shown until the new one is done, and is kept.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet

from detector.analyses import line
from detector.common import audit, clock
from detector.enums import UNDER_WAY, ModelStatus, Priority, ReanalysisStatus, Status
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
"""An id above all others. A new id need not be the highest, since hosts' clocks differ."""


@dataclass(frozen=True)
class Progress:
    """Progress of a campaign: how many of `photos` are done, failed or under way."""

    photos: int
    done: int
    failed: int
    under_way: int

    @property
    def share(self) -> float:
        """The finished share, in [0, 1]."""
        return min((self.done + self.failed) / self.photos, 1.0)


def plan(
    *, model: ModelVersion | None, owner: User | None, from_version: ModelVersion | None
) -> Reanalysis:
    """Return the campaign that `start` would begin, unsaved. Raises the errors of `start`."""
    if model is None or not _is_active(model):
        raise NOT_ACTIVE
    if Reanalysis.objects.filter(status=ReanalysisStatus.RUNNING).exists():
        raise ANOTHER_RUNS
    campaign = Reanalysis(
        model_version=model, owner=owner, from_version=from_version, next_before=ABOVE_ALL
    )
    campaign.photos = 0 if from_version == model else _remaining(campaign).count()
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
    """Start a campaign for photos that another model analysed.

    It covers all of them, or only those of `owner`, or only those of `from_version`.

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
    """Queue no further photos; those under way are finished. Return whether it was running."""
    return _move_audited(campaign, actor, [ReanalysisStatus.RUNNING], ReanalysisStatus.PAUSED)


def resume(campaign: Reanalysis, actor: User | None) -> bool:
    """Resume a paused campaign. Return whether it was paused.

    Raises DetectorError `model_not_active` or `reanalysis_running`.
    """
    if not _is_active(campaign.model_version):
        raise NOT_ACTIVE
    try:
        return _move_audited(campaign, actor, [ReanalysisStatus.PAUSED], ReanalysisStatus.RUNNING)
    except IntegrityError as error:
        raise ANOTHER_RUNS from error


def cancel(campaign: Reanalysis, actor: User | None) -> bool:
    """End a campaign for good; new results stay. Return whether it had not ended yet."""
    open_ = [ReanalysisStatus.RUNNING, ReanalysisStatus.PAUSED]
    return _move_audited(
        campaign, actor, open_, ReanalysisStatus.CANCELLED, finished_at=clock.now()
    )


@transaction.atomic
def _move_audited(
    campaign: Reanalysis, actor: User | None, before: Sequence[str], after: str, **changes: object
) -> bool:
    moved = _move(campaign, before, after, **changes)
    if moved:
        audit.record(actor, f"reanalysis.{after}", campaign)
    return moved


def progress(campaign: Reanalysis) -> Progress:
    """Return the progress of a campaign."""
    return progress_of([campaign])[campaign.pk]


def progress_of(campaigns: Iterable[Reanalysis]) -> dict[UUID, Progress]:
    """Return the progress of campaigns by id, with one query for all."""
    photos = {campaign.pk: campaign.photos for campaign in campaigns}
    counts: dict[UUID, Counter[str]] = {pk: Counter() for pk in photos}
    rows = Analysis.objects.filter(reanalysis__in=photos).order_by()
    for pk, status, n in rows.values_list("reanalysis", "status").annotate(n=Count("pk")):
        counts[pk]["under_way" if status in UNDER_WAY else status] += n
    return {
        pk: Progress(photos[pk], found[Status.DONE], found[Status.FAILED], found["under_way"])
        for pk, found in counts.items()
    }


def running() -> QuerySet[Reanalysis]:
    """Return the running campaign; there is one at most."""
    return Reanalysis.objects.filter(status=ReanalysisStatus.RUNNING)


def advance() -> list[UUID]:
    """Queue the next photos of the running campaign, if it is their turn.

    Return the ids of the new analyses; the caller sends the messages. Any number of processes may
    call this at any time.
    """
    if not running().exists():
        return []
    with transaction.atomic():
        # Of several concurrent callers, one advances and the others skip the locked row.
        locked = running().select_for_update(of=("self",), skip_locked=True)
        campaign = locked.select_related("model_version").first()
        return _advance(campaign) if campaign else []


def _advance(campaign: Reanalysis) -> list[UUID]:
    if not _is_active(campaign.model_version):
        _move(campaign, [ReanalysisStatus.RUNNING], ReanalysisStatus.PAUSED, note=REPLACED)
        return []
    under_way = campaign.analyses.filter(status__in=UNDER_WAY).count()
    room = settings.REANALYSIS_AT_ONCE - under_way
    if room <= 0 or _new_work_waits():
        return []
    photo_ids = list(_remaining(campaign).values_list("photo_id", flat=True)[:room])
    if photo_ids:
        Reanalysis.objects.filter(pk=campaign.pk).update(next_before=photo_ids[-1])
        return _queue(campaign, photo_ids)
    if not under_way:
        finished = ReanalysisStatus.FINISHED
        _move(campaign, [ReanalysisStatus.RUNNING], finished, finished_at=clock.now())
    return []


def _remaining(campaign: Reanalysis) -> QuerySet[Analysis]:
    """Return the results that the campaign still has to renew, the newest photo first.

    Demo photos, photos in the trash, without a result or without their picture are left out.
    """
    results = Analysis.objects.filter(
        superseded=False,
        status=Status.DONE,
        photo_id__lt=campaign.next_before,
        photo__deleted_at=None,
        photo__forgotten_at=None,
        photo__is_demo=False,
    ).exclude(model_version=campaign.model_version)
    if campaign.owner_id:
        results = results.filter(owner=campaign.owner_id)
    if campaign.from_version_id:
        results = results.filter(model_version=campaign.from_version_id)
    return results.order_by("-photo_id")


def _new_work_waits() -> bool:
    waiting = Analysis.objects.filter(status=Status.QUEUED, due_at__lte=clock.now())
    return waiting.filter(reanalysis=None).exists()


def _queue(campaign: Reanalysis, photo_ids: list[UUID]) -> list[UUID]:
    """Queue renewals of these photos, except those deleted or with an analysis under way."""
    # Locked, as by everyone who queues an analysis: a photo has at most one under way.
    locked = Photo.objects.select_for_update(of=("self",)).order_by("-id")
    photos = list(locked.filter(pk__in=photo_ids, deleted_at=None, forgotten_at=None))
    busy = set(
        Analysis.objects.filter(photo__in=photos, status__in=UNDER_WAY).values_list(
            "photo_id", flat=True
        )
    )
    now = clock.now()
    # One by one: the turn of each depends on those before it.
    return [
        Analysis.objects.create(
            photo=photo,
            owner_id=photo.owner_id,
            reanalysis=campaign,
            priority=Priority.BATCH,
            turn=line.place(photo.owner_id, Priority.BATCH),
            superseded=True,
            queued_at=now,
            due_at=now,
            sent_at=now,
        ).pk
        for photo in photos
        if photo.pk not in busy
    ]


def _is_active(model: ModelVersion) -> bool:
    return ModelVersion.objects.filter(pk=model.pk, status=ModelStatus.ACTIVE).exists()


def _move(campaign: Reanalysis, before: Sequence[str], after: str, **changes: object) -> bool:
    """Compare-and-set the status. Return whether the row changed."""
    changes.setdefault("note", "")
    rows = Reanalysis.objects.filter(pk=campaign.pk, status__in=before)
    moved = rows.update(status=after, **changes)
    if moved:
        campaign.refresh_from_db()
    return moved > 0
