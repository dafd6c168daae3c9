"""Crops of stored faces: for people, and aligned as the network sees them."""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from detector.models import Face

if TYPE_CHECKING:
    from ml.types import FaceDetection


MARGIN: Final = 0.25
"""Margin of a square around a face on each side, as a share of the box's longer side."""


def square_around(face: Face) -> tuple[float, float, float]:
    """Return left, top and side of the square to show of a face, in pixels of the photo.

    The square may lie partly beyond the photo.
    """
    side = max(face.width, face.height) * (1 + 2 * MARGIN)
    return face.x + (face.width - side) / 2, face.y + (face.height - side) / 2, side


def detection_of(face: Face) -> "FaceDetection":
    """Return a stored face as the detection that the network takes."""
    from ml.types import Box, FaceDetection

    landmarks = np.array(face.landmarks, np.float32) if face.landmarks else None
    box = Box(face.x, face.y, face.width, face.height)
    return FaceDetection(box=box, landmarks=landmarks, score=face.detection_score)


def crop(rgb: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """Return the aligned crop of a face, (48, 48) uint8 grey, from its photo (H, W, 3) uint8 RGB.

    Serving uses the same function, so training on these crops sees what serving will see.
    """
    # Imported here, since the web process imports this module but does not need OpenCV.
    from ml import preprocessing

    return preprocessing.crop(rgb, detection_of(face))
