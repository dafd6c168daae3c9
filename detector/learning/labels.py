"""Labels for training, from people's verdicts on faces."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from detector import consent
from detector.common import boxes
from detector.enums import CaseStatus, Emotion, ReviewKind
from detector.models import Face, Photo, Review

WITHDRAWN: Final = "withdrawn"


@dataclass(frozen=True)
class LabelledFace:
    """A face with its label and all verdicts on it."""

    face: Face
    label: Emotion
    verdicts: "Counter[str]"


def reviewed_faces() -> QuerySet[Face]:
    """Return faces with a valid verdict whose owner agrees to reviews now, ordered by photo.

    Faces of superseded analyses are included, after those of later ones: a verdict stays true when
    another model analyses the photo.
    """
    own = Review.objects.filter(face=OuterRef("pk"), kind=ReviewKind.OWNER)
    return (
        Face.objects.filter(
            Q(review_case__status=CaseStatus.SETTLED) | Exists(own),
            analysis__photo__owner__review_consent_version=consent.REVIEW_VERSION,
            analysis__photo__deleted_at=None,
            analysis__photo__is_demo=False,
        )
        .exclude(analysis__photo__image="")
        .select_related("analysis__photo", "analysis__model_version", "review_case")
        .prefetch_related("reviews")
        .order_by("analysis__photo_id", "-analysis_id", "index")
    )


def verdict_on(face: Face) -> str:
    """Return the verdict to train on: the reviewers', else the owner's.

    Reviewers see nothing but the face, as the network does; an owner knows the context. A verdict
    that its owner has just taken back is `WITHDRAWN`.
    """
    if _is_settled(face):
        return str(face.review_case.final_verdict)
    own = (r.verdict for r in face.reviews.all() if r.kind == ReviewKind.OWNER)
    return next(own, WITHDRAWN)


def verdicts_on(face: Face) -> "Counter[str]":
    """Count the verdicts on a face, the owner's included."""
    return Counter(review.verdict for review in face.reviews.all())


def _is_settled(face: Face) -> bool:
    case = getattr(face, "review_case", None)
    return case is not None and case.status == CaseStatus.SETTLED


def without_repeats(faces: list[Face]) -> list[Face]:
    """Drop faces of one photo that overlap with a face earlier in the list.

    Those that reviewers settled come first: after another analysis, the owner's word is on the
    later face and theirs is on the earlier one.
    """
    kept: list[Face] = []
    for face in sorted(faces, key=_is_settled, reverse=True):
        if all(boxes.overlap(face, other) < boxes.SAME_PLACE for other in kept):
            kept.append(face)
    return kept


def owners_of_shared_photos() -> dict[str, set[UUID]]:
    """Return the owners of files that several users uploaded, by checksum."""
    shared = (
        Photo.objects.filter(sha256__in=reviewed_faces().values("analysis__photo__sha256"))
        .order_by()
        .values("sha256")
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
        .values("sha256")
    )
    owners: dict[str, set[UUID]] = {}
    for sha256, owner in Photo.objects.filter(sha256__in=shared).values_list("sha256", "owner"):
        owners.setdefault(sha256, set()).add(owner)
    return owners


def by_photo(faces: QuerySet[Face], chunk: int = 500) -> Iterator[list[Face]]:
    """Yield the faces of one photo after the other."""
    group: list[Face] = []
    for face in faces.iterator(chunk_size=chunk):
        if group and group[0].analysis.photo_id != face.analysis.photo_id:
            yield group
            group = []
        group.append(face)
    if group:
        yield group
