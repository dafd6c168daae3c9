"""Queries of analyses and their faces, always scoped to the owner.

Everything that callers show is prefetched.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from detector.enums import UNDER_WAY
from detector.models import (
    Analysis,
    Explanation,
    Face,
    User,
)


def analyses_of(owner: User) -> QuerySet[Analysis]:
    """Return the current analyses of an owner, the newest first, with all that a list shows."""
    return every_analysis_of(owner).filter(superseded=False)


def every_analysis_of(owner: User) -> QuerySet[Analysis]:
    """Return all analyses of an owner, superseded ones included, the newest first.

    The owner is a condition on both tables, so that the planner can use an index of either one.
    """
    return (
        Analysis.objects.filter(owner=owner, photo__owner=owner, photo__deleted_at=None)
        .select_related("photo", "model_version")
        .prefetch_related("faces", "photo__tags")
        .order_by("-id")
    )


def face_of(owner: User, photo_id: UUID, index: int) -> Face | None:
    """Return a face of an owner's photo, from its current analysis."""
    faces = Face.objects.filter(
        analysis__photo__owner=owner,
        analysis__photo__deleted_at=None,
        analysis__superseded=False,
        analysis__photo_id=photo_id,
        index=index,
    )
    return faces.select_related("analysis__photo").first()


def explanation_of(face: Face) -> Explanation | None:
    """Return the explanation of a face, waiting or done; None where nobody requested one."""
    return Explanation.objects.filter(face=face).first()


def analysis_of_photo(owner: User, photo_id: UUID) -> Analysis | None:
    """Return the current analysis of an owner's photo."""
    return analyses_of(owner).filter(photo_id=photo_id).first()


def analysis_of(owner: User, analysis_id: UUID) -> Analysis | None:
    """Return an analysis of an owner's photo, current or superseded."""
    return every_analysis_of(owner).filter(pk=analysis_id).first()


def current_id(analysis: Analysis) -> UUID:
    """Return the id of the current analysis of the same photo."""
    if not analysis.superseded:
        return analysis.pk
    current = Analysis.objects.filter(photo=analysis.photo_id, superseded=False)
    # There is none where the photo was erased meanwhile.
    return current.values_list("pk", flat=True).first() or analysis.pk


def renewal_of(analysis: Analysis) -> Analysis | None:
    """Return the latest renewal after this analysis: under way, or failed."""
    # Ordered by the database's clock: ids come from the clocks of hosts.
    later = Analysis.objects.filter(
        photo=analysis.photo_id, superseded=True, queued_at__gt=analysis.queued_at
    )
    return later.order_by("-queued_at").first()


def with_renewals(analyses: QuerySet[Analysis]) -> QuerySet[Analysis]:
    """Prefetch the renewals that are under way as `photo.renewals`."""
    renewals = Analysis.objects.filter(superseded=True, status__in=UNDER_WAY)
    return analyses.prefetch_related(Prefetch("photo__analyses", renewals, to_attr="renewals"))


def analyses_by_id(owner: User, ids: Sequence[UUID]) -> list[Analysis]:
    """Return the owner's analyses with these ids, in the order of the ids."""
    found = {analysis.pk: analysis for analysis in every_analysis_of(owner).filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def unfinished(ids: Sequence[UUID]) -> bool:
    """Return whether any of these analyses is queued or running."""
    return Analysis.objects.filter(pk__in=ids, status__in=UNDER_WAY).exists()
