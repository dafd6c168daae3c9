"""Tell by their bounding boxes whether two stored faces of a photo are the same."""

from typing import Final

from detector.models import Face

SAME_PLACE: Final = 0.4
"""Minimum intersection over union of two boxes of the same face. Neighbours in a crowd hardly reach
0.1, and two detectors on one face rarely fall below 0.5."""


def overlap(one: Face, other: Face) -> float:
    """Return the intersection over union of two bounding boxes, in [0, 1]."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (one.width * one.height + other.width * other.height - shared)
