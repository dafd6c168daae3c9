"""Geometry of faces for inline SVG, and descriptions of photos in words."""

from collections.abc import Mapping
from typing import Final

from django import template

from detector.analyses.crops import square_around
from detector.enums import Emotion, QualityFlag, Status
from detector.models import Analysis, Face, Photo

register = template.Library()

LABEL_SHARE: Final = 0.04
"""Height of a face's number, as a share of the photo's longer side: readable on a phone."""

ADVICE: Final = {
    QualityFlag.SMALL: "The face is very small in the photo. A closer one shows more.",
    QualityFlag.BLURRED: "The face is blurred. Hold still, or come into better light.",
    QualityFlag.TURNED: "The face is turned to the side. Expressions are read best from ahead.",
    QualityFlag.COVERED: "Eyes or mouth seem to be covered. Without them an expression is a guess.",
    QualityFlag.CUT: "Part of the face lies beyond the photo. A photo of all of it shows more.",
    QualityFlag.TILTED: (
        "The face lies on its side or upside down, and could not be turned upright. "
        "Turn the photo and upload it again."
    ),
    QualityFlag.DOUBTFUL: "This may not be a face. If it is none, you can say so below.",
}
UNREADABLE: Final = frozenset(
    {QualityFlag.COVERED, QualityFlag.CUT, QualityFlag.TILTED, QualityFlag.DOUBTFUL}
)
"""Flags that make an expression uncertain at any probability; same as `ml.quality.UNREADABLE`."""


@register.filter
def crop_view(face: Face) -> str:
    """Return the `viewBox` of a square around a face."""
    left, top, side = square_around(face)
    return f"{left:.1f} {top:.1f} {side:.1f} {side:.1f}"


@register.simple_tag
def face_label(face: Face, photo: Photo) -> dict[str, str]:
    """Return the plate of a face's number: at the box's top left corner, inside the photo."""
    longest = max(photo.width, photo.height)
    height = min(longest * LABEL_SHARE, max(face.width * 0.45, longest * 0.02))
    width = height * (0.5 + 0.55 * len(str(face.index + 1)))
    x = min(max(face.x, 0), photo.width - width)
    y = face.y - height
    if y < 0:
        y = max(face.y, 0)
    return {
        "x": f"{x:.1f}",
        "y": f"{y:.1f}",
        "width": f"{width:.1f}",
        "height": f"{height:.1f}",
        "text_x": f"{x + width / 2:.1f}",
        "text_y": f"{y + height / 2:.1f}",
        "font_size": f"{height * 0.78:.1f}",
    }


@register.simple_tag
def face_box(face: Face) -> dict[str, str]:
    """Return the bounding box of a face as SVG attributes."""
    names = ("x", "y", "width", "height")
    return {name: f"{getattr(face, name):.1f}" for name in names}


@register.filter
def number(face: Face) -> int:
    """Return the number of a face, from 1."""
    return face.index + 1


@register.filter
def advice(face: Face) -> list[str]:
    """Return advice for a better picture of this face; empty if its quality has no flags."""
    return [ADVICE[QualityFlag(flag)] for flag in face.quality.get("flags", [])]


@register.filter
def stands_out(face: Face) -> bool:
    """Return whether a flag makes the expression uncertain at any probability."""
    return not UNREADABLE.isdisjoint(face.quality.get("flags", []))


@register.filter
def bar_width(share: float) -> str:
    """Return a share in [0, 1] as a width out of 100, in the same format in every language."""
    return f"{share * 100:.1f}"


@register.filter
def share_of(part: int, whole: int) -> float:
    """Return a part as a share in [0, 1]; 0 of 0 is 0."""
    return part / whole if whole else 0.0


@register.filter
def has_uncertain(analysis: Analysis) -> bool:
    """Return whether any face of an analysis is uncertain."""
    return any(face.is_uncertain for face in analysis.faces.all())


@register.filter
def lookup(mapping: Mapping[str, str], key: str) -> str:
    """Return the value of a key that a template holds in a variable."""
    return mapping[key]


@register.filter
def outcome(analysis: Analysis) -> str:
    """Return the result of an analysis in a few words."""
    if analysis.status == Status.FAILED:
        return "analysis failed"
    if analysis.status != Status.DONE:
        return "analysis not finished"
    faces = [face for face in analysis.faces.all() if not face.is_dismissed]
    if not faces:
        return "no face found"
    labels = ", ".join(Emotion(face.effective_emotion).label.lower() for face in faces)
    return f"{len(faces)} face{'s' if len(faces) != 1 else ''}: {labels}"


@register.filter
def as_share(text: str) -> float:
    """Return a share in [0, 1] from the text in a URL."""
    return float(text)
