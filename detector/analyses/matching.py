"""What another reading of a photo changed: its faces before and after, side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from detector.enums import Status
from detector.models import Analysis, Face

SAME_PLACE: Final = 0.4
"""From this overlap on, two boxes are one face: neighbours in a crowd hardly share a tenth, and two
detectors rarely agree on less than half."""

SHOWN: Final = 5
"""Earlier results that a page shows; all of them are kept."""


@dataclass(frozen=True)
class FaceChange:
    """One face as an earlier analysis and the current one read it; None where one found none."""

    before: Face | None
    after: Face | None

    @property
    def is_other(self) -> bool:
        """Whether it is read as another expression, or is there in one reading only."""
        if self.before is None or self.after is None:
            return True
        return self.before.emotion != self.after.emotion


@dataclass(frozen=True)
class Earlier:
    """An earlier analysis of a photo, and what the current one changed about each face."""

    analysis: Analysis
    faces: list[FaceChange]

    @property
    def others(self) -> int:
        """How many faces are read otherwise now."""
        return sum(face.is_other for face in self.faces)


def earlier_of(current: Analysis) -> list[Earlier]:
    """The last results that a photo had before this one, the latest first, each beside this one."""
    results = Analysis.objects.filter(
        photo=current.photo_id, status=Status.DONE, superseded=True, pk__lt=current.pk
    )
    now = list(current.faces.all())
    return [
        Earlier(analysis, compare(analysis.faces.all(), now))
        for analysis in results.select_related("model_version")
        .prefetch_related("faces")
        .order_by("-id")[:SHOWN]
    ]


def compare(before: Iterable[Face], after: Iterable[Face]) -> list[FaceChange]:
    """The faces of two readings of one photo in pairs: those there are now, then those lost."""
    lost, now = list(before), list(after)
    changes = [FaceChange(*pair) for pair in zip(same_faces(lost, now), now, strict=True)]
    found = [change.before for change in changes]
    return changes + [FaceChange(face, None) for face in lost if face not in found]


def same_faces(before: list[Face], after: list[Face]) -> list[Face | None]:
    """What each later face was before; None where it was not found then.

    The pairs that overlap most are made first, and no face is in two.
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


def overlap(one: Face, other: Face) -> float:
    """Intersection over union of two boxes, in [0, 1]."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (one.width * one.height + other.width * other.height - shared)
