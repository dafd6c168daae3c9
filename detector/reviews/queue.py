"""What reviewers see: the queue without what they must not know, and how far it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from detector import consent
from detector.common import clock
from detector.enums import CaseStatus, ReviewKind, Status
from detector.models import ModelVersion, Review, ReviewCase, User

COUNTED: Final = 1000
"""Of more faces than this a page says no number: it would take longer than to find the next."""
BATCHES_LISTED: Final = 20
LOOKED_THROUGH: Final = 1000
"""So many of the newest cases are looked through for uploads."""


def agreed_cases() -> QuerySet[ReviewCase]:
    """The cases whose owner agrees to reviews now, of faces that still count.

    Asked of the owner each time: a case that withdrawal left behind is none.
    """
    return ReviewCase.objects.filter(
        face__analysis__photo__owner__review_consent_version=consent.REVIEW_VERSION,
        face__analysis__photo__deleted_at=None,
        face__analysis__superseded=False,
        face__analysis__status=Status.DONE,
    ).select_related("face__analysis__photo__owner", "face__analysis__model_version")


def queue_of(reviewer: User) -> QuerySet[ReviewCase]:
    """What a reviewer can still judge, the most useful first: no face twice, and none of their own.

    What they skipped is not among it, and what somebody else sees at this moment is.
    """
    given = Review.objects.filter(face=OuterRef("face"), reviewer=reviewer)
    return (
        agreed_cases()
        .filter(~Exists(given), status=CaseStatus.OPEN)
        .exclude(face__analysis__owner=reviewer)
        .exclude(pk__in=reviewer.skipped_cases.values("pk"))
        .order_by("-usefulness", "id")
    )


def left(cases: QuerySet[ReviewCase]) -> int:
    """How many cases wait; one more than `COUNTED` stands for all numbers above it."""
    return cases.order_by()[: COUNTED + 1].count()


def free() -> Q:
    """That nobody sees a case at this moment."""
    return Q(claimed_until=None) | Q(claimed_until__lte=clock.NOW)


def held_by(reviewer: User) -> Q:
    """That this reviewer sees a case at this moment."""
    return Q(claimed_by=reviewer, claimed_until__gt=clock.NOW)


def case_held(reviewer: User, case_id: UUID) -> ReviewCase | None:
    """A case that was given to a reviewer, and to nobody else since."""
    return queue_of(reviewer).filter(claimed_by=reviewer, pk=case_id).first()


def reviews_by(reviewer: User) -> QuerySet[Review]:
    """What somebody said as a reviewer, the latest first."""
    given = Review.objects.filter(reviewer=reviewer, kind=ReviewKind.REVIEWER)
    return given.select_related("face__analysis", "face__review_case").order_by("-id")


def may_review(person: User) -> bool:
    """Whether a person may judge the faces of others."""
    return person.is_staff and person.has_perm("detector.review_faces")


def judged_today(reviewer: User) -> int:
    """How many verdicts a reviewer gave since their midnight."""
    now = clock.now().astimezone(reviewer.zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return reviews_by(reviewer).filter(created_at__gte=midnight).count()


def models_reviewed() -> QuerySet[ModelVersion]:
    """The networks whose readings were judged, the newest first."""
    settled = agreed_cases().filter(
        status=CaseStatus.SETTLED, face__analysis__model_version=OuterRef("pk")
    )
    return ModelVersion.objects.filter(Exists(settled)).order_by("-id")


@dataclass(frozen=True)
class Batch:
    """The photos of one upload that wait for reviews; whose it is, a reviewer is not told."""

    id: UUID
    uploaded_at: datetime
    cases: int


def batches_waiting(reviewer: User) -> list[Batch]:
    """The latest uploads of several photos that the newest of a reviewer's cases come from."""
    batch = "face__analysis__photo__batch"
    newest = queue_of(reviewer).exclude(**{batch: None}).order_by("-id")[:LOOKED_THROUGH]
    rows = (
        ReviewCase.objects.filter(pk__in=newest.values("pk"))
        .order_by()
        .values(batch)
        .annotate(n=Count("pk"), first=Min("face__analysis__photo__uploaded_at"))
        .order_by("-first")
    )
    return [Batch(row[batch], row["first"], row["n"]) for row in rows[:BATCHES_LISTED]]
