"""Stored faces as the network sees them: cut out of their photo again, as when they were read."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from detector.models import Face

if TYPE_CHECKING:
    from ml.types import FaceDetection


def detection_of(face: Face) -> "FaceDetection":
    """What the detector said of a face."""
    from ml.types import Box, FaceDetection

    landmarks = np.array(face.landmarks, np.float32) if face.landmarks else None
    box = Box(face.x, face.y, face.width, face.height)
    return FaceDetection(box=box, landmarks=landmarks, score=face.detection_score)


def crop(rgb: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """The crop (48, 48) uint8 grey of a face of this upright photo, (H, W, 3) uint8 RGB.

    Cut by the function that serving uses: a network that learns from it sees what it will be shown.
    """
    # Imported here: the web process, which may name this module, has no use for OpenCV.
    from ml import preprocessing

    return preprocessing.crop(rgb, detection_of(face))
