"""What about a face makes its emotion hard to read, measured on the face itself.

Every flag stands for a measured loss of accuracy on faces that have it:
`python -m ml.training.quality_gate`, figures in docs/decisions/0008-quality-flags.md.
"""

from itertools import compress
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml import preprocessing
from ml.types import FaceDetection, Quality

FLAGS: Final = ("small", "blurred", "turned")
SMALLEST_FACE: Final = 24.0
"""Pixels; see `Quality.face_size`."""
LEAST_SHARPNESS: Final = 0.06
MOST_TURN: Final = 0.2


def measure(crop: NDArray[np.uint8], detection: FaceDetection) -> Quality:
    """The measurements of a face with their flags; crop (48, 48) uint8 grey."""
    box = detection.box
    values = {
        "face_size": float(np.sqrt(box.width * box.height)),
        **measure_crop(crop),
        "roll": preprocessing.roll_degrees(detection),
        "turn": turn(detection),
    }
    return Quality(**values, flags=flags(values))


def measure_crop(crop: NDArray[np.uint8]) -> dict[str, float]:
    """What the crop (48, 48) uint8 alone tells, keyed as in `Quality`."""
    contrast = float(crop.std())
    edges = float(cv2.Laplacian(crop, cv2.CV_64F).var())
    return {
        # Over the variance, or a dark photo would count as a blurred one.
        "sharpness": edges / contrast**2 if contrast > 0 else 0.0,
        "brightness": float(crop.mean()),
        "contrast": contrast,
    }


def turn(detection: FaceDetection) -> float:
    """How far the nose stands beside the middle of the eyes, in eye distances; 0 seen from ahead.

    0 without landmarks.
    """
    if detection.landmarks is None:
        return 0.0
    right, left, nose = detection.landmarks[:3].astype(np.float64)
    across = left - right
    distance = float(np.linalg.norm(across))
    if distance == 0:
        return 0.0
    return float(abs((nose - (right + left) / 2) @ across) / distance**2)


def flags(values: dict[str, float]) -> tuple[str, ...]:
    """What is amiss with a face of these values, in the order of `FLAGS`."""
    amiss = (
        values["face_size"] < SMALLEST_FACE,
        values["sharpness"] < LEAST_SHARPNESS,
        values["turn"] > MOST_TURN,
    )
    return tuple(compress(FLAGS, amiss))
