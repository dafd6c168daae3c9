"""Which faces wait for reviewers, in which order, and when a case is settled."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import QuerySet

from detector.common import clock, locks
from detector.enums import CaseStatus, Emotion, ReviewKind, Status, Verdict
from detector.models import Face, Photo, Review, ReviewCase, User

PIECE: Final = 500
THIRD_PERSON: Final = 3

LABELLED: Final = {
    Emotion.ANGRY: 2768,
    Emotion.DISGUST: 263,
    Emotion.FEAR: 821,
    Emotion.HAPPY: 7629,
    Emotion.SAD: 4003,
    Emotion.SURPRISE: 3484,
    Emotion.NEUTRAL: 9549,
}
"""Faces of each emotion among FER+'s majority labels, training rows: what a network has seen least
of is what it can learn most of."""
RARITY: Final = {emotion: 1 - faces / max(LABELLED.values()) for emotion, faces in LABELLED.items()}


def usefulness(face: Face, correction: str = "") -> float:
    """How much a verdict on a face would teach, from 0 to 3.

    The entropy of the model's probabilities as a share of the greatest, plus how rare the
    expressions are that it holds possible, plus 1 where the owner contradicts it.
    """
    shares = face.probabilities
    entropy = -sum(p * math.log(p) for p in shares.values() if p > 0) / math.log(len(Emotion))
    rarity = sum(p * RARITY[emotion] for emotion, p in shares.items())
    contradicted = correction not in ("", face.emotion)
    return entropy + rarity + contradicted


def open_for(photo: Photo, faces: Iterable[Face]) -> None:
    """Put the new faces of a photo into the queue, if its owner agrees to that at this moment."""
    if photo.is_demo or not locks.lock_owner(photo.owner_id).agrees_to_review:
        return
    now = clock.now()
    ReviewCase.objects.bulk_create(
        [_case(face, now) for face in faces], batch_size=PIECE, ignore_conflicts=True
    )


def open_all(owner: User) -> None:
    """Put an owner's faces into the queue that are not there yet; drawn ones teach nothing."""
    missing = _faces_of(owner).filter(review_case=None).prefetch_related("reviews")
    for face in missing.iterator(chunk_size=PIECE):
        given = list(face.reviews.all())
        own = next((r.verdict for r in given if r.kind == ReviewKind.OWNER), "")
        case = _case(face, clock.now(), correction=own)
        if any(r.kind == ReviewKind.REVIEWER for r in given):
            case.wanted = 2
        case.save(force_insert=True)
        apply_verdicts(case)


def close_all(owner: User) -> int:
    """Take an owner's faces out of the queue; how many waited.

    What is settled stays, and counts again should the owner agree once more; whoever exports asks
    for the owner's consent.
    """
    waiting = ReviewCase.objects.filter(face__analysis__photo__owner=owner, status=CaseStatus.OPEN)
    count = waiting.count()
    waiting.delete()
    return count


def is_decided(face: Face) -> bool:
    """Whether reviewers are done with a face, or were with the same one in an earlier reading."""
    case = getattr(face, "review_case", None)
    if case is not None:
        return not case.is_open
    return face.reviewed_emotion != "" and not face.reviews.exists()


def apply_verdicts(case: ReviewCase) -> None:
    """Bring a case in line with the verdicts that there are.

    One verdict settles a case that wants one. Of a case that wants two, both must agree; else a
    third person is asked, and the verdict that two of the three share holds. Three that all differ
    settle it as one that nobody can tell.
    """
    verdicts = verdicts_on(case.face)
    if case.wanted == 1:
        final, wanted = next(iter(verdicts), ""), 1
    else:
        final, wanted = _of_several(verdicts)
    case.wanted, case.final_verdict = wanted, final
    case.status = CaseStatus.SETTLED if final else CaseStatus.OPEN
    case.settled_at = clock.now() if final else None
    if final:
        case.claimed_by, case.claimed_until = None, None
    case.save()


def verdicts_on(face: Face) -> list[str]:
    """What reviewers said, the first first; owners are asked nothing here."""
    given = Review.objects.filter(face=face, kind=ReviewKind.REVIEWER)
    return list(given.order_by("id").values_list("verdict", flat=True))


def _of_several(verdicts: Sequence[str]) -> tuple[str, int]:
    """The final verdict of a case that is reviewed twice, and how many verdicts it wants now."""
    if len(verdicts) < 2:
        return "", 2
    verdict, votes = Counter(verdicts).most_common(1)[0]
    if votes >= 2:
        return verdict, len(verdicts)
    if len(verdicts) < THIRD_PERSON:
        return "", THIRD_PERSON
    return Verdict.CANNOT_TELL, THIRD_PERSON


def _case(face: Face, now: datetime, correction: str = "") -> ReviewCase:
    # Drawn by lot, not by anything of the face: what is reviewed twice stands for all.
    double = random.random() < settings.REVIEW_DOUBLE_SHARE  # noqa: S311
    return ReviewCase(
        face=face,
        wanted=2 if double else 1,
        usefulness=usefulness(face, correction),
        created_at=now,
    )


def _faces_of(owner: User) -> QuerySet[Face]:
    return Face.objects.filter(
        analysis__owner=owner,
        analysis__superseded=False,
        analysis__status=Status.DONE,
        analysis__photo__is_demo=False,
    )
