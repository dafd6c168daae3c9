"""Queries of the review queue, for one reviewer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from detector import consent
from detector.common import clock
from detector.common.calendar import start_of_day
from detector.enums import CaseStatus, ReviewKind, Status
from detector.models import ModelVersion, Review, ReviewCase, User

COUNTED: Final = 1000
"""Above this number cases are not counted: it would take longer than finding the next one."""
BATCHES_LISTED: Final = 20
LOOKED_THROUGH: Final = 1000
"""Number of the newest cases that are searched for uploads."""


def agreed_cases() -> QuerySet[ReviewCase]:
    """Return the cases of current faces whose owner agrees to reviews now."""
    return counted_cases().filter(face__analysis__superseded=False)


def counted_cases() -> QuerySet[ReviewCase]:
    """Return the cases whose owner agrees to reviews now, also of faces of earlier analyses.

    Figures count these: a verdict on what a model said stays true when another one reads the photo.
    """
    return ReviewCase.objects.filter(
        face__analysis__photo__owner__review_consent_version=consent.REVIEW_VERSION,
        face__analysis__photo__deleted_at=None,
        face__analysis__photo__forgotten_at=None,
        face__analysis__status=Status.DONE,
    ).select_related("face__analysis__photo__owner", "face__analysis__model_version")


def queue_of(reviewer: User) -> QuerySet[ReviewCase]:
    """Return the open cases that a reviewer may judge, the most useful first.

    Excluded are faces that they own, judged or skipped. Cases claimed by others are included.
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
    """Return the number of cases, at most `COUNTED` + 1, which means "more than `COUNTED`"."""
    return cases.order_by()[: COUNTED + 1].count()


def unclaimed() -> Q:
    """Return the condition for cases that nobody has claimed."""
    return Q(claimed_until=None) | Q(claimed_until__lte=clock.NOW)


def claimed_by_reviewer(reviewer: User) -> Q:
    """Return the condition for cases that a reviewer has claimed."""
    return Q(claimed_by=reviewer, claimed_until__gt=clock.NOW)


def claimed_case(reviewer: User, case_id: UUID) -> ReviewCase | None:
    """Return a case that a reviewer claimed last, even if the claim has expired."""
    return queue_of(reviewer).filter(claimed_by=reviewer, pk=case_id).first()


def reviews_by(reviewer: User) -> QuerySet[Review]:
    """Return a person's reviews as a reviewer, the latest first."""
    given = Review.objects.filter(reviewer=reviewer, kind=ReviewKind.REVIEWER)
    return given.select_related("face__analysis", "face__review_case").order_by("-id")


def may_review(person: User) -> bool:
    """Return whether a user may review the faces of others."""
    return person.is_staff and person.has_perm("detector.review_faces")


def judged_today(reviewer: User) -> int:
    """Return how many verdicts a reviewer gave today, in their time zone."""
    today = clock.now().astimezone(reviewer.zone).date()
    midnight = start_of_day(today, reviewer.zone)
    return reviews_by(reviewer).filter(created_at__gte=midnight).count()


def models_reviewed() -> QuerySet[ModelVersion]:
    """Return the model versions with settled cases, the newest first."""
    settled = counted_cases().filter(
        status=CaseStatus.SETTLED, face__analysis__model_version=OuterRef("pk")
    )
    return ModelVersion.objects.filter(Exists(settled)).order_by("-id")


@dataclass(frozen=True)
class Batch:
    """An upload of photos with cases to review; it does not name the owner."""

    id: UUID
    uploaded_at: datetime
    cases: int


def batches_waiting(reviewer: User) -> list[Batch]:
    """Return the latest uploads of several photos among a reviewer's newest cases."""
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
