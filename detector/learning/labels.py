"""The faces that people have named, as training may have them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from detector import consent
from detector.analyses import matching
from detector.enums import CaseStatus, Emotion, ReviewKind
from detector.models import Face, Photo, Review


@dataclass(frozen=True)
class LabelledFace:
    """A face with what people say it shows: the label that holds, and every verdict there is."""

    face: Face
    label: Emotion
    verdicts: "Counter[str]"


def reviewed_faces() -> QuerySet[Face]:
    """Faces with a verdict that holds, of people who agree to reviews now; photo by photo.

    Faces of earlier analyses are among them, after those of later ones: what was said of a face
    stays true when another model has read it.
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
    """The verdict that counts for training: that of the reviewers, else the owner's.

    Reviewers saw nothing but the face; an owner knows what came before and after.
    """
    case = getattr(face, "review_case", None)
    if case is not None and case.status == CaseStatus.SETTLED:
        return str(case.final_verdict)
    return next(r.verdict for r in face.reviews.all() if r.kind == ReviewKind.OWNER)


def verdicts_on(face: Face) -> "Counter[str]":
    """How often each verdict was given on a face, the owner's included."""
    return Counter(review.verdict for review in face.reviews.all())


def without_repeats(faces: list[Face]) -> list[Face]:
    """Of the faces of one photo those that are not there already, in a later reading of it."""
    kept: list[Face] = []
    for face in faces:
        if all(matching.overlap(face, other) < matching.SAME_PLACE for other in kept):
            kept.append(face)
    return kept


def owners_of_shared_photos() -> dict[str, set[UUID]]:
    """The people who have the same file, by the checksum of the files that more than one has."""
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
    """The faces of one photo after the other."""
    together: list[Face] = []
    for face in faces.iterator(chunk_size=chunk):
        if together and together[0].analysis.photo_id != face.analysis.photo_id:
            yield together
            together = []
        together.append(face)
    if together:
        yield together
