"""Measures a face, and flags what makes its emotion hard to read.

Faces with one of the first three flags have a measured loss of accuracy
(`python -m ml.training.studies.quality_gate`, figures in docs/decisions/0008-quality-flags.md). The
other flags mean that the expression cannot be read, so that the emotion is uncertain whatever its
probability: docs/decisions/0025-wrong-and-unsure.md.
"""

import math
from itertools import compress
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml import preprocessing
from ml.types import Doubts, FaceDetection, Quality

FLAGS: Final = ("small", "blurred", "turned", "covered", "cut", "tilted", "doubtful")
UNREADABLE: Final = frozenset({"covered", "cut", "tilted", "doubtful"})
"""Flags that make an emotion uncertain."""
SMALLEST_FACE: Final = 24.0
"""In pixels: see `Quality.face_size`."""
MIN_SHARPNESS: Final = 0.06
MAX_TURN: Final = 0.2
EYES_COVERED: Final = 0.5
MOUTH_COVERED: Final = 0.5
"""Scores of `Doubts` from which a part counts as covered. They flag 3 % of the validation faces, of
which some do wear dark glasses or hold a hand before their mouth."""
MIN_SCORE: Final = 0.6
"""Every detection below this score is flagged `doubtful`."""
MAX_DOUBT: Final = ((0.7, 0.02), (0.8, 0.1), (math.inf, 0.7))
"""Rows of (detection score, doubt): below this score, a detection is flagged `doubtful` from this
`Doubts.no_face` on. The first row that applies counts."""
MAX_OUTSIDE: Final = 0.25
"""Threshold of `Quality.outside`: two of the five landmarks, or a quarter of the box."""
NO_DOUBTS: Final = Doubts()


def measure(
    crop: NDArray[np.uint8], detection: FaceDetection, doubts: Doubts = NO_DOUBTS
) -> Quality:
    """Measure a face and set its flags; crop (48, 48) uint8 grey.

    `doubts` are the scores of `ml.face_check` for the crop.
    """
    box = detection.box
    values = {
        "face_size": float(np.sqrt(box.width * box.height)),
        **measure_crop(crop),
        "roll": preprocessing.roll_degrees(detection),
        "turn": turn(detection),
        "outside": detection.outside,
    }
    is_set = (
        values["face_size"] < SMALLEST_FACE,
        values["sharpness"] < MIN_SHARPNESS,
        values["turn"] > MAX_TURN,
        is_covered(doubts),
        values["outside"] >= MAX_OUTSIDE,
        not detection.upright,
        may_be_no_face(detection.score, doubts.no_face),
    )
    return Quality(**values, flags=tuple(compress(FLAGS, is_set)))


def is_covered(doubts: Doubts) -> bool:
    """Return whether eyes or mouth are covered."""
    return doubts.eyes_covered >= EYES_COVERED or doubts.mouth_covered >= MOUTH_COVERED


def may_be_no_face(score: float, doubt: float) -> bool:
    """Return whether a detection may be no face; low detection scores need less `doubt`."""
    most = next(most for below, most in MAX_DOUBT if score < below)
    return score < MIN_SCORE or doubt >= most


def measure_crop(crop: NDArray[np.uint8]) -> dict[str, float]:
    """Measure the crop (48, 48) uint8 alone; keys as in `Quality`."""
    contrast = float(crop.std())
    edges = float(cv2.Laplacian(crop, cv2.CV_64F).var())
    return {
        # Divided by the variance, so that dark photos do not count as blurred.
        "sharpness": edges / contrast**2 if contrast > 0 else 0.0,
        "brightness": float(crop.mean()),
        "contrast": contrast,
    }


def turn(detection: FaceDetection) -> float:
    """Return the distance of the nose from the middle of the eyes, along their line.

    In eye distances; 0 for a frontal face, or without landmarks.
    """
    if detection.landmarks is None:
        return 0.0
    right, left, nose = detection.landmarks[:3].astype(np.float64)
    across = left - right
    distance = float(np.linalg.norm(across))
    if distance == 0:
        return 0.0
    return float(abs((nose - (right + left) / 2) @ across) / distance**2)
