"""Keeps one bounding box per face: of boxes that mostly overlap, the best."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.types import Box, FaceDetection

NMS_IOU: Final = 0.3
MAX_SHARED: Final = 0.5
"""Two boxes show one face if they share more than this part of the smaller one. Intersection over
union would miss a small box within a large one. Faces cheek to cheek share less:
docs/decisions/0025-wrong-and-unsure.md."""


def suppress(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> list[int]:
    """Return the indices of the boxes (K, 4) that non-maximum suppression keeps, best first."""
    if len(boxes) == 0:
        return []
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0.0, NMS_IOU)
    return [int(index) for index in kept]


def merged(faces: list[FaceDetection]) -> list[FaceDetection]:
    """Return the faces without those that mostly overlap a better one, best first."""
    kept: list[FaceDetection] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if not any(one_face(face, other) for other in kept):
            kept.append(face)
    return kept


def one_face(one: FaceDetection, other: FaceDetection) -> bool:
    """Return whether two boxes mostly overlap."""
    return shared(one.box, other.box) > MAX_SHARED


def shared(one: Box, other: Box) -> float:
    """Return the intersection of two boxes over the area of the smaller, in [0, 1]."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    smaller = min(one.width * one.height, other.width * other.height)
    return max(across, 0.0) * max(down, 0.0) / smaller if smaller > 0 else 0.0
