"""Match the faces of two analyses of one photo, to compare them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from detector.common.boxes import SAME_PLACE, overlap
from detector.enums import Status
from detector.models import Analysis, Face

SHOWN: Final = 5
"""Number of earlier results that a page shows; all of them are stored."""


@dataclass(frozen=True)
class FaceChange:
    """A face in an earlier analysis and in the current one; None where it was not found."""

    before: Face | None
    after: Face | None

    @property
    def is_other(self) -> bool:
        """Return whether the emotion differs, or only one of the analyses found the face."""
        if self.before is None or self.after is None:
            return True
        return self.before.emotion != self.after.emotion


@dataclass(frozen=True)
class Earlier:
    """An earlier analysis of a photo, with its faces matched to the current ones."""

    analysis: Analysis
    faces: list[FaceChange]

    @property
    def others(self) -> int:
        """The number of faces whose result differs."""
        return sum(face.is_other for face in self.faces)


def earlier_of(current: Analysis) -> list[Earlier]:
    """Return the latest `SHOWN` results of a photo before this one, the latest first.

    Ordered by the database's clock: ids come from the clocks of hosts.
    """
    if current.finished_at is None:
        return []
    before = Analysis.objects.filter(finished_at__lt=current.finished_at).exclude(pk=current.pk)
    results = before.filter(photo=current.photo_id, status=Status.DONE, superseded=True)
    now = list(current.faces.all())
    return [
        Earlier(analysis, compare(analysis.faces.all(), now))
        for analysis in results.select_related("model_version")
        .prefetch_related("faces")
        .order_by("-finished_at", "-id")[:SHOWN]
    ]


def compare(before: Iterable[Face], after: Iterable[Face]) -> list[FaceChange]:
    """Return the faces of two analyses in pairs: first those found now, then the lost ones."""
    lost, now = list(before), list(after)
    changes = [FaceChange(*pair) for pair in zip(same_faces(lost, now), now, strict=True)]
    found = [change.before for change in changes]
    return changes + [FaceChange(face, None) for face in lost if face not in found]


def same_faces(before: list[Face], after: list[Face]) -> list[Face | None]:
    """Return for each later face the earlier one; None where it was not found then.

    Pairs are matched greedily by overlap, and no face is in two pairs.
    """
    overlaps = [
        (overlap(old, new), here, there)
        for there, old in enumerate(before)
        for here, new in enumerate(after)
    ]
    pairs: dict[int, int] = {}
    for share, here, there in sorted(overlaps, reverse=True):
        if share >= SAME_PLACE and here not in pairs and there not in pairs.values():
            pairs[here] = there
    return [before[pairs[here]] if here in pairs else None for here in range(len(after))]
