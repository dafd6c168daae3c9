"""Verdicts on faces: who sees which, what a verdict changes, and taking it back."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from detector.common import audit, clock, locks
from detector.enums import CaseStatus, ReviewKind, Verdict
from detector.exceptions import DetectorError
from detector.insights import rollups
from detector.models import Face, Photo, Review, ReviewCase, User
from detector.reviews import cases
from detector.reviews import queue as review_queue
from detector.webhooks import endpoints, notify

UNDO_WITHIN: Final = timedelta(hours=1)
TRIES: Final = 20
"""Each lost try means that another reviewer got a face, so this many in a row do not happen."""
LONGEST: Final = 600.0
"""Seconds; who took longer was away."""

NOT_YOURS: Final = DetectorError(
    "review_not_held",
    "This face is not yours to review now: your time for it ran out, or its owner took it back.",
)


def next_case(
    reviewer: User,
    chosen: QuerySet[ReviewCase] | None = None,
    besides: Collection[UUID] = (),
) -> ReviewCase | None:
    """The most useful face that a reviewer can judge, theirs alone for a while; None: all done.

    `chosen` narrows the reviewer's queue. What they hold already comes first, so that a page
    loaded again shows the same face. Claimed by a conditional UPDATE of one row: of two that want
    the same face, one gets it and the other the next.
    """
    queue = review_queue.queue_of(reviewer) if chosen is None else chosen
    queue = queue.exclude(pk__in=besides)
    held = queue.filter(review_queue.held_by(reviewer)).first()
    if held is not None and _claim(reviewer, held.pk, review_queue.held_by(reviewer)):
        return held
    for _ in range(TRIES):
        case = queue.filter(review_queue.free()).first()
        if case is None:
            return None
        if _give(reviewer, case):
            return case
    return None


def give_verdict(
    case_id: UUID,
    reviewer: User,
    verdict: str,
    *,
    comment: str = "",
    seconds: float | None = None,
) -> Review:
    """A reviewer's verdict on a face that was given to them.

    Late is not too late, as long as nobody else was given the face meanwhile. Raises DetectorError
    `review_not_held`.
    """
    with transaction.atomic():
        photo = _photo_held(Q(analyses__faces__review_case=case_id))
        current = _case_held(pk=case_id, claimed_by=reviewer, status=CaseStatus.OPEN)
        if photo is None or current is None:
            raise NOT_YOURS
        review = _written(
            current.face, reviewer, ReviewKind.REVIEWER, verdict, comment=comment, seconds=seconds
        )
        current.claimed_by, current.claimed_until = None, None
        cases.apply_verdicts(current)
        _show(photo, current.face)
        _tell(review)
    return review


def skip(case: ReviewCase, reviewer: User) -> None:
    """Leave a face to others; it does not come back to this reviewer."""
    case.skipped_by.add(reviewer)
    release(reviewer, case.pk)


def bring_back_skipped(reviewer: User) -> None:
    """Let what a reviewer skipped come again."""
    reviewer.skipped_cases.clear()


def keep(reviewer: User, case_ids: Collection[UUID]) -> None:
    """Give a reviewer more time for what they hold."""
    held = ReviewCase.objects.filter(review_queue.held_by(reviewer), pk__in=case_ids)
    held.update(claimed_until=_lease_end())


def release(reviewer: User, case_id: UUID | None = None) -> None:
    """Let others have what a reviewer holds."""
    held = ReviewCase.objects.filter(claimed_by=reviewer)
    if case_id is not None:
        held = held.filter(pk=case_id)
    held.update(claimed_by=None, claimed_until=None)


def undo(reviewer: User) -> ReviewCase | None:
    """Take back a reviewer's last verdict of the last hour, and give them its face again.

    None where there is none, or where somebody else sees the face at this moment: then the verdict
    is gone all the same, and the face is judged by others.
    """
    last = review_queue.reviews_by(reviewer).filter(created_at__gt=clock.now() - UNDO_WITHIN)
    review = last.first()
    return _take_back(review, reviewer) if review else None


@transaction.atomic
def _take_back(review: Review, reviewer: User) -> ReviewCase | None:
    photo = _photo_held(Q(analyses__faces=review.face_id))
    review.delete()
    case = _case_held(face=review.face_id)
    if photo is None or case is None:
        return None
    cases.apply_verdicts(case)
    _show(photo, case.face)
    _claim(reviewer, case.pk, review_queue.free())
    return review_queue.case_held(reviewer, case.pk)


def correct(owner: User, face: Face, verdict: str, comment: str = "") -> Review:
    """An owner's own verdict on a face; it replaces an earlier one, and is shown before all others.

    Raises DetectorError `review_not_held` where the face is gone or another's.
    """
    with transaction.atomic():
        photo = _photo_held(Q(analyses__faces=face))
        if photo is None or photo.owner_id != owner.pk:
            raise NOT_YOURS
        Review.objects.filter(face=face, reviewer=owner).delete()
        review = _written(face, owner, ReviewKind.OWNER, verdict, comment=comment)
        _reorder(face, verdict)
        _show(photo, face)
        _tell(review)
    return review


@transaction.atomic
def take_back_correction(owner: User, face: Face) -> None:
    """Forget what an owner said of a face."""
    photo = _photo_held(Q(analyses__faces=face))
    if photo is None or photo.owner_id != owner.pk:
        raise NOT_YOURS
    Review.objects.filter(face=face, reviewer=owner, kind=ReviewKind.OWNER).delete()
    _reorder(face, "")
    _show(photo, face)


@transaction.atomic
def _give(reviewer: User, case: ReviewCase) -> bool:
    """Claim a free case, and note that its photo was shown to somebody: once, however long."""
    if not _claim(reviewer, case.pk, review_queue.free()):
        return False
    audit.record(reviewer, "photo.viewed", case.face.analysis.photo, review=str(case.pk))
    return True


def _claim(reviewer: User, case_id: UUID, condition: Q) -> bool:
    waiting = ReviewCase.objects.filter(condition, pk=case_id, status=CaseStatus.OPEN)
    return bool(waiting.update(claimed_by=reviewer, claimed_until=_lease_end()))


def _lease_end() -> datetime:
    return clock.now() + timedelta(seconds=settings.REVIEW_LEASE)


def _photo_held(condition: Q) -> Photo | None:
    """The photo of a face, and its owner, held until the transaction ends; before any case."""
    held = Photo.objects.select_for_update(of=("self",)).filter(condition)
    photo = held.first()
    if photo is not None:
        locks.lock_owner(photo.owner_id)
    return photo


def _case_held(**condition: Any) -> ReviewCase | None:
    held = ReviewCase.objects.select_for_update(of=("self",)).select_related("face")
    return held.filter(**condition).first()


def _written(
    face: Face,
    reviewer: User,
    kind: ReviewKind,
    verdict: str,
    *,
    comment: str = "",
    seconds: float | None = None,
) -> Review:
    try:
        return Review.objects.create(
            face=face,
            reviewer=reviewer,
            kind=kind,
            verdict=Verdict(verdict),
            comment=comment,
            seconds=None if seconds is None else min(max(seconds, 0.0), LONGEST),
            created_at=clock.now(),
        )
    except IntegrityError as error:
        raise NOT_YOURS from error


def _reorder(face: Face, correction: str) -> None:
    """What the owner contradicts is looked at sooner."""
    order = cases.usefulness(face, correction)
    ReviewCase.objects.filter(face=face).update(usefulness=order)


def _show(photo: Photo, face: Face) -> None:
    """Show and count what people say of a face: its owner, else the reviewers once they settled."""
    own = Review.objects.filter(face=face, kind=ReviewKind.OWNER).values_list("verdict", flat=True)
    settled = ReviewCase.objects.filter(face=face).values_list("final_verdict", flat=True)
    shown = own.first() or settled.first() or ""
    counted = rollups.counted_faces(photo)
    counts = photo.deleted_at is None and counted.filter(pk=face.pk).exists()
    if counts:
        rollups.remove(photo)
    Face.objects.filter(pk=face.pk).update(reviewed_emotion=shown)
    if counts:
        rollups.add(photo)


def _tell(review: Review) -> None:
    endpoints.record_review(review)
    notify.send_after_commit(review.pk)
