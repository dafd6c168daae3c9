"""Reads of analyses and their faces, scoped to their owner first.

What a caller shows is prefetched.
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
    """The current analyses of an owner's photos with all that a list shows, the newest first."""
    return every_analysis_of(owner).filter(superseded=False)


def every_analysis_of(owner: User) -> QuerySet[Analysis]:
    """Those that do not count, or not yet, as well.

    Said of both tables, the owner lets an index of either be read in the order that is asked for.
    """
    return (
        Analysis.objects.filter(owner=owner, photo__owner=owner, photo__deleted_at=None)
        .select_related("photo", "model_version")
        .prefetch_related("faces", "photo__tags")
        .order_by("-id")
    )


def face_of(owner: User, photo_id: UUID, index: int) -> Face | None:
    """A face of an owner's photo, in its current analysis."""
    faces = Face.objects.filter(
        analysis__photo__owner=owner,
        analysis__photo__deleted_at=None,
        analysis__superseded=False,
        analysis__photo_id=photo_id,
        index=index,
    )
    return faces.select_related("analysis__photo").first()


def explanation_of(face: Face) -> Explanation | None:
    """The heat map of a face, or how far it is; None where nobody asked for one."""
    return Explanation.objects.filter(face=face).first()


def analysis_of_photo(owner: User, photo_id: UUID) -> Analysis | None:
    """The current analysis of an owner's photo."""
    return analyses_of(owner).filter(photo_id=photo_id).first()


def analysis_of(owner: User, analysis_id: UUID) -> Analysis | None:
    """One analysis of an owner's photo, whether it is the current one or not."""
    return every_analysis_of(owner).filter(pk=analysis_id).first()


def current_id(analysis: Analysis) -> UUID:
    """The id of the analysis that counts of the same photo: its own, unless it is superseded."""
    if not analysis.superseded:
        return analysis.pk
    current = Analysis.objects.filter(photo=analysis.photo_id, superseded=False)
    # None: the photo was erased meanwhile.
    return current.values_list("pk", flat=True).first() or analysis.pk


def renewal_of(analysis: Analysis) -> Analysis | None:
    """The last attempt to renew a result: under way, or failed so that the result stands."""
    # By the database's clock: ids are made by the clocks of hosts.
    later = Analysis.objects.filter(
        photo=analysis.photo_id, superseded=True, queued_at__gt=analysis.queued_at
    )
    return later.order_by("-queued_at").first()


def with_renewals(analyses: QuerySet[Analysis]) -> QuerySet[Analysis]:
    """The same analyses; what is under way to renew them is at hand as `photo.renewals`."""
    renewals = Analysis.objects.filter(superseded=True, status__in=UNDER_WAY)
    return analyses.prefetch_related(Prefetch("photo__analyses", renewals, to_attr="renewals"))


def analyses_by_id(owner: User, ids: Sequence[UUID]) -> list[Analysis]:
    """The owner's analyses among these ids, in the order of the ids."""
    found = {analysis.pk: analysis for analysis in every_analysis_of(owner).filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def unfinished(ids: Sequence[UUID]) -> bool:
    """Whether any of these analyses is still queued or running."""
    return Analysis.objects.filter(pk__in=ids, status__in=UNDER_WAY).exists()
