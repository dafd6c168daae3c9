"""Review cases: which faces wait for reviewers, in which order, and when a case is settled."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import QuerySet

from detector.common import boxes, clock
from detector.enums import CaseStatus, Emotion, ReviewKind, Status, Verdict
from detector.models import Face, Photo, Review, ReviewCase, User

BATCH_SIZE: Final = 500
MAX_VERDICTS: Final = 3

LABELLED: Final = {
    Emotion.ANGRY: 2768,
    Emotion.DISGUST: 263,
    Emotion.FEAR: 821,
    Emotion.HAPPY: 7629,
    Emotion.SAD: 4003,
    Emotion.SURPRISE: 3484,
    Emotion.NEUTRAL: 9549,
}
"""Number of faces of each emotion by majority label, in the training rows of FER+. The rarer an
emotion is in training, the more a network learns from another example."""
RARITY: Final = {emotion: 1 - faces / max(LABELLED.values()) for emotion, faces in LABELLED.items()}


def usefulness(face: Face, correction: str = "") -> float:
    """Return how useful a verdict on a face is for training, in [0, 3].

    It is the sum of the normalised entropy of the model's probabilities, the expected rarity of
    the emotion under them, and 1 where the owner contradicts the model.
    """
    shares = face.probabilities
    entropy = -sum(p * math.log(p) for p in shares.values() if p > 0) / math.log(len(Emotion))
    rarity = sum(p * RARITY[emotion] for emotion, p in shares.items())
    contradicted = correction not in ("", face.emotion)
    return entropy + rarity + contradicted


def open_for(photo: Photo, faces: Iterable[Face]) -> None:
    """Open cases for the new faces of a photo, if its owner agrees to reviews and it is kept.

    The caller holds the lock of `photo.owner`, so that the consent is that of now.
    """
    if photo.is_demo or photo.forget or not photo.owner.agrees_to_review:
        return
    now = clock.now()
    ReviewCase.objects.bulk_create(
        [_case(face, now) for face in faces], batch_size=BATCH_SIZE, ignore_conflicts=True
    )


def open_all(owner: User) -> None:
    """Open cases for all faces of an owner that have none, and that reviewers can be shown."""
    missing = _faces_of(owner).filter(review_case=None).prefetch_related("reviews")
    for face in missing.iterator(chunk_size=BATCH_SIZE):
        if face.reviewed_emotion and settled_verdict(face):
            continue
        given = list(face.reviews.all())
        own = next((r.verdict for r in given if r.kind == ReviewKind.OWNER), "")
        case = _case(face, clock.now(), correction=own)
        if any(r.kind == ReviewKind.REVIEWER for r in given):
            case.wanted = 2
        case.save(force_insert=True)
        apply_verdicts(case)


def close_all(owner: User) -> int:
    """Delete the open cases of an owner. Return how many there were.

    Settled cases stay, and count again if the owner agrees again. Until then they are not exported:
    exports check the owner's consent.
    """
    waiting = ReviewCase.objects.filter(face__analysis__photo__owner=owner, status=CaseStatus.OPEN)
    count = waiting.count()
    waiting.delete()
    return count


def is_decided(face: Face) -> bool:
    """Return whether a face was settled by reviewers, in this or an earlier analysis."""
    case = getattr(face, "review_case", None)
    if case is not None:
        return not case.is_open
    return face.reviewed_emotion != "" and settled_verdict(face) != ""


def settled_verdict(face: Face) -> str:
    """Return what reviewers settled about a face, in this or an earlier analysis; else nothing.

    Their verdicts stay with what they saw, so the face may have its case in an earlier analysis.
    """
    settled = ReviewCase.objects.filter(
        status=CaseStatus.SETTLED, face__analysis__photo__analyses=face.analysis_id
    )
    latest = settled.select_related("face").order_by("-settled_at")
    for case in sorted(latest, key=lambda case: case.face_id != face.pk):
        if boxes.overlap(case.face, face) >= boxes.SAME_PLACE:
            return str(case.final_verdict)
    return ""


def later_face(photo: Photo, face: Face) -> Face | None:
    """Return the same face in the current analysis of a photo; None where it was not found."""
    current = Face.objects.filter(
        analysis__photo=photo, analysis__superseded=False, analysis__status=Status.DONE
    )
    nearest = max(current, key=lambda other: boxes.overlap(face, other), default=None)
    if nearest is None or boxes.overlap(face, nearest) < boxes.SAME_PLACE:
        return None
    return nearest


def move_words_of_owner(faces: Iterable[tuple[Face, Face]]) -> None:
    """Move owners' verdicts to the same faces of a later analysis; `faces` are pairs of these.

    So they stay the owner's last word there, and can be taken back. Verdicts of reviewers stay with
    what the reviewers saw.
    """
    for earlier, face in faces:
        if earlier.reviewed_emotion:
            Review.objects.filter(face=earlier, kind=ReviewKind.OWNER).update(face=face)


def apply_verdicts(case: ReviewCase) -> None:
    """Update a case from the verdicts on its face.

    A case that wants one verdict is settled by it. A case that wants two is settled if they agree;
    else a third reviewer is asked, and the majority counts. If all three differ, it is settled as
    `cannot_tell`.
    """
    verdicts = verdicts_on(case.face)
    if case.wanted == 1:
        final, wanted = next(iter(verdicts), ""), 1
    else:
        final, wanted = _majority(verdicts)
    case.wanted, case.final_verdict = wanted, final
    case.status = CaseStatus.SETTLED if final else CaseStatus.OPEN
    case.settled_at = clock.now() if final else None
    if final:
        case.claimed_by, case.claimed_until = None, None
    case.save()


def verdicts_on(face: Face) -> list[str]:
    """Return the verdicts of reviewers on a face, the oldest first, without the owner's."""
    given = Review.objects.filter(face=face, kind=ReviewKind.REVIEWER)
    return list(given.order_by("created_at", "id").values_list("verdict", flat=True))


def _majority(verdicts: Sequence[str]) -> tuple[str, int]:
    """Return the final verdict of a case with double review, and how many verdicts it wants."""
    if len(verdicts) < 2:
        return "", 2
    verdict, votes = Counter(verdicts).most_common(1)[0]
    if votes >= 2:
        return verdict, len(verdicts)
    if len(verdicts) < MAX_VERDICTS:
        return "", MAX_VERDICTS
    return Verdict.CANNOT_TELL, MAX_VERDICTS


def _case(face: Face, now: datetime, correction: str = "") -> ReviewCase:
    # Drawn at random, so that the faces reviewed twice are a representative sample.
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
        analysis__photo__forgotten_at=None,
    )
