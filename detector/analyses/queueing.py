"""Queue analyses and send their messages to the workers."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from detector.analyses import leases, line, reanalysis
from detector.common import clock, dispatch, locks
from detector.common.dispatch import TaskName
from detector.enums import UNDER_WAY, Priority, Status
from detector.models import Analysis, Photo, User
from detector.photos import images


def retry(analysis: Analysis, priority: Priority = Priority.SINGLE) -> bool:
    """Queue a failed analysis again, with attempts reset. Return whether it was queued.

    A failed renewal is not queued where a newer analysis is current or under way. Raises
    DetectorError `picture_forgotten`.
    """
    if analysis.photo.forgotten_at is not None:
        raise images.FORGOTTEN
    now = clock.now()
    with transaction.atomic():
        list(locks.lock_photos(analysis.owner, [analysis.photo_id]))
        failed = Analysis.objects.filter(pk=analysis.pk, status=Status.FAILED)
        others = Analysis.objects.filter(photo=OuterRef("photo")).exclude(pk=OuterRef("pk"))
        newer = Q(queued_at__gt=OuterRef("queued_at"), superseded=False)
        failed = failed.exclude(Exists(others.filter(newer | Q(status__in=UNDER_WAY))))
        changed = failed.update(
            status=Status.QUEUED,
            priority=priority,
            turn=line.place(analysis.owner_id, priority),
            attempt=0,
            queued_at=now,
            due_at=now,
            sent_at=now,
            finished_at=None,
            error_code="",
            error_message="",
        )
        if changed:
            send_after_commit([analysis.pk])
            analysis.refresh_from_db()
    return bool(changed)


@transaction.atomic
def analyse_again(
    owner: User, photo_ids: Collection[UUID], priority: Priority | None = None
) -> int:
    """Queue an analysis of those of an owner's photos that have none under way. Return how many.

    Several photos are a batch, where nothing else is said.

    An earlier result stays until the new one is done, and also if that fails. A failed analysis is
    retried instead of renewed. Photos whose picture was forgotten are left out.
    """
    if priority is None:
        priority = Priority.BATCH if len(photo_ids) > 1 else Priority.SINGLE
    photos = locks.lock_photos(owner, photo_ids).filter(deleted_at=None, forgotten_at=None)
    return sum(_analyse_again(photo, priority) for photo in photos)


def _analyse_again(photo: Photo, priority: Priority) -> bool:
    current = Analysis.objects.select_related("photo").get(photo=photo, superseded=False)
    if current.status != Status.DONE:
        return retry(current, priority)
    if Analysis.objects.filter(photo=photo, status__in=UNDER_WAY).exists():
        return False
    send_after_commit([queue(photo, priority, superseded=True).pk])
    return True


def queue(
    photo: Photo, priority: Priority = Priority.SINGLE, *, superseded: bool = False
) -> Analysis:
    """Create a queued analysis. The caller sends its message after the commit."""
    now = clock.now()
    return Analysis.objects.create(
        photo=photo,
        owner_id=photo.owner_id,
        priority=priority,
        turn=line.place(photo.owner_id, priority),
        superseded=superseded,
        queued_at=now,
        due_at=now,
        sent_at=now,
    )


def send_after_commit(ids: list[UUID]) -> None:
    """Send the messages of these analyses once the transaction is committed."""
    # Robust: if sending fails, the photo is stored nevertheless, and the sweep finds its row.
    transaction.on_commit(lambda: _send_all(ids), robust=True)


def _send_all(ids: list[UUID]) -> None:
    for number, analysis_id in enumerate(ids):
        if not dispatch.send(TaskName.ANALYSE, analysis_id):
            # Stop at the first failure: each try may take seconds to time out.
            Analysis.objects.filter(pk__in=ids[number:]).update(sent_at=None)
            return


def sweep() -> int:
    """Queue abandoned analyses again, and resend messages that are due or may be lost.

    Return how many messages were sent.
    """
    leases.release_abandoned()
    queued = Analysis.objects.filter(status=Status.QUEUED)
    due = Q(due_at__lte=clock.now())
    return dispatch.resend(TaskName.ANALYSE, queued, order_by="turn", due=due)


def resume_reanalysis() -> None:
    """Begin a re-analysis campaign, or continue one whose messages were lost."""
    _send_all(reanalysis.advance())
