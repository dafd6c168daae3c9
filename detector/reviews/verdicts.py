"""Give and undo verdicts on faces, and claim the faces to judge."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, Q, QuerySet

from detector.common import audit, clock, locks
from detector.enums import CaseStatus, ReviewKind, Verdict
from detector.exceptions import DetectorError
from detector.insights import rollups
from detector.models import Analysis, Face, Photo, Review, ReviewCase, User
from detector.reviews import cases
from detector.reviews import queue as review_queue
from detector.webhooks import endpoints, notify

UNDO_WITHIN: Final = timedelta(hours=1)
MAX_TRIES: Final = 20
"""Each lost race means that another reviewer claimed a face, so this many in a row are unlikely."""
MAX_SECONDS: Final = 600.0
"""Seconds to judge a face are capped at this: the reviewer was away."""

NOT_CLAIMED: Final = DetectorError(
    "review_not_held",
    "This face is not yours to review now: your time for it ran out, or its owner took it back.",
)


def next_case(
    reviewer: User,
    chosen: QuerySet[ReviewCase] | None = None,
    besides: Collection[UUID] = (),
) -> ReviewCase | None:
    """Claim the most useful case for a reviewer, with a lease. Return None where none is left.

    `chosen` is a filtered queue of the reviewer. A case that they have claimed already comes first,
    so that a reloaded page shows the same face. The claim is a conditional UPDATE of one row: of
    two reviewers who race for a face, one gets it and the other gets the next.
    """
    queue = review_queue.queue_of(reviewer) if chosen is None else chosen
    queue = queue.exclude(pk__in=besides)
    held = queue.filter(review_queue.claimed_by_reviewer(reviewer)).first()
    if held is not None and _claim(reviewer, held, review_queue.claimed_by_reviewer(reviewer)):
        return held
    for _ in range(MAX_TRIES):
        case = queue.filter(review_queue.unclaimed()).first()
        if case is None:
            return None
        if _claim_and_log(reviewer, case):
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
    """Store a reviewer's verdict on a face that they claimed.

    An expired claim is accepted as long as nobody else has claimed the face since. Raises
    DetectorError `review_not_held`.
    """
    with transaction.atomic():
        photo = _lock_photo(Q(analyses__faces__review_case=case_id))
        current = _lock_case(pk=case_id, claimed_by=reviewer, status=CaseStatus.OPEN)
        if photo is None or current is None:
            raise NOT_CLAIMED
        review = _create_review(
            current.face, reviewer, ReviewKind.REVIEWER, verdict, comment=comment, seconds=seconds
        )
        current.claimed_by, current.claimed_until = None, None
        cases.apply_verdicts(current)
        _apply(photo, current.face)
        _apply_to_later_face(photo, current)
        _notify(review)
    return review


def skip(case: ReviewCase, reviewer: User) -> None:
    """Leave a face to others. It is not offered to this reviewer again."""
    case.skipped_by.add(reviewer)
    release(reviewer, case.pk)


def bring_back_skipped(reviewer: User) -> None:
    """Offer a reviewer the skipped faces again."""
    reviewer.skipped_cases.clear()


def keep(reviewer: User, case_ids: Collection[UUID]) -> None:
    """Extend the leases of a reviewer's claims."""
    held = ReviewCase.objects.filter(review_queue.claimed_by_reviewer(reviewer), pk__in=case_ids)
    held.update(claimed_until=_lease_end())


def release(reviewer: User, case_id: UUID | None = None) -> None:
    """Release a reviewer's claim on one case, or on all."""
    held = ReviewCase.objects.filter(claimed_by=reviewer)
    if case_id is not None:
        held = held.filter(pk=case_id)
    held.update(claimed_by=None, claimed_until=None)


def undo(reviewer: User) -> ReviewCase | None:
    """Undo a reviewer's last verdict, if it is at most an hour old, and claim its face again.

    Return None where there is no such verdict, or where somebody else has claimed the face: then
    the verdict is deleted nevertheless, and others judge the face.
    """
    last = review_queue.reviews_by(reviewer).filter(created_at__gt=clock.now() - UNDO_WITHIN)
    # Ordered by the database's clock: ids come from the clocks of hosts.
    review = last.order_by("-created_at", "-id").first()
    return _undo(review, reviewer) if review else None


@transaction.atomic
def _undo(review: Review, reviewer: User) -> ReviewCase | None:
    photo = _lock_photo(Q(analyses__faces=review.face_id))
    review.delete()
    case = _lock_case(face=review.face_id)
    if photo is None or case is None:
        return None
    cases.apply_verdicts(case)
    _apply(photo, case.face)
    _apply_to_later_face(photo, case)
    _claim(reviewer, case, review_queue.unclaimed())
    return review_queue.claimed_case(reviewer, case.pk)


def correct(owner: User, face: Face, verdict: str, comment: str = "") -> Review:
    """Store an owner's verdict on a face. It replaces their earlier one and overrides reviewers.

    Raises DetectorError `review_not_held` where the face is deleted or not theirs.
    """
    with transaction.atomic():
        photo = _lock_photo(Q(analyses__faces=face))
        if photo is None or photo.owner_id != owner.pk:
            raise NOT_CLAIMED
        Review.objects.filter(face=face, reviewer=owner).delete()
        review = _create_review(face, owner, ReviewKind.OWNER, verdict, comment=comment)
        _update_priority(face, verdict)
        _apply(photo, face)
        _notify(review)
    return review


@transaction.atomic
def take_back_correction(owner: User, face: Face) -> None:
    """Delete an owner's verdict on a face."""
    photo = _lock_photo(Q(analyses__faces=face))
    if photo is None or photo.owner_id != owner.pk:
        raise NOT_CLAIMED
    Review.objects.filter(face=face, reviewer=owner, kind=ReviewKind.OWNER).delete()
    _update_priority(face, "")
    _apply(photo, face)


@transaction.atomic
def _claim_and_log(reviewer: User, case: ReviewCase) -> bool:
    """Claim a free case and log that its photo was viewed. Return whether the claim succeeded."""
    if not _claim(reviewer, case, review_queue.unclaimed()):
        return False
    audit.record(reviewer, "photo.viewed", case.face.analysis.photo, review=str(case.pk))
    return True


def _claim(reviewer: User, case: ReviewCase, condition: Q) -> bool:
    until = _lease_end()
    waiting = ReviewCase.objects.filter(condition, pk=case.pk, status=CaseStatus.OPEN)
    if not waiting.update(claimed_by=reviewer, claimed_until=until):
        return False
    case.claimed_by, case.claimed_until = reviewer, until
    return True


def _lease_end() -> datetime:
    return clock.now() + timedelta(seconds=settings.REVIEW_LEASE)


def _lock_photo(condition: Q) -> Photo | None:
    """Lock the photo of a face and its owner, before any case. Return the photo."""
    held = Photo.objects.select_for_update(of=("self",)).filter(condition)
    photo = held.first()
    if photo is not None:
        locks.lock_owner(photo.owner_id)
    return photo


def _lock_case(**condition: Any) -> ReviewCase | None:
    held = ReviewCase.objects.select_for_update(of=("self",)).select_related("face")
    return held.filter(**condition).first()


def _create_review(
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
            seconds=None if seconds is None else min(max(seconds, 0.0), MAX_SECONDS),
            created_at=clock.now(),
        )
    except IntegrityError as error:
        raise NOT_CLAIMED from error


def _update_priority(face: Face, correction: str) -> None:
    """Update the priority of a case: it rises where the owner contradicts the model."""
    order = cases.usefulness(face, correction)
    ReviewCase.objects.filter(face=face).update(usefulness=order)


def _apply(photo: Photo, face: Face) -> None:
    """Apply the people's verdict to the face and the rollups: the owner's, else the settled one."""
    own = Review.objects.filter(face=face, kind=ReviewKind.OWNER).values_list("verdict", flat=True)
    shown = own.first() or cases.settled_verdict(face)
    counted = rollups.counted_faces(photo)
    counts = photo.deleted_at is None and counted.filter(pk=face.pk).exists()
    if counts:
        rollups.remove(photo)
    Face.objects.filter(pk=face.pk).update(reviewed_emotion=shown)
    if counts:
        rollups.add(photo)
    # The face may now count in its photo's order by confidence, or no longer.
    of_photo = Face.objects.filter(analysis_id=face.analysis_id)
    best = of_photo.exclude(reviewed_emotion=Verdict.NOT_A_FACE).aggregate(
        best=Max("confidence", default=0.0)
    )
    Analysis.objects.filter(pk=face.analysis_id).update(best_confidence=best["best"])


def _apply_to_later_face(photo: Photo, case: ReviewCase) -> None:
    """Let a verdict on a face of an earlier analysis hold for the same face of the current one.

    The photo may have been analysed again while a reviewer looked at the face. Where the verdict
    settles it, nobody is asked again.
    """
    if not case.face.analysis.superseded:
        return
    later = cases.later_face(photo, case.face)
    if later is None:
        return
    _apply(photo, later)
    if case.is_open:
        cases.open_for(photo, [later])
    else:
        waiting = ReviewCase.objects.filter(review_queue.unclaimed(), face=later)
        judged = Review.objects.filter(face=later, kind=ReviewKind.REVIEWER)
        waiting.filter(~Exists(judged), status=CaseStatus.OPEN).delete()


def _notify(review: Review) -> None:
    endpoints.record_review(review)
    notify.send_after_commit(review.pk)
