"""Results of the face detector and the analyser."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

LANDMARKS: Final = ("right_eye", "left_eye", "nose", "right_mouth_corner", "left_mouth_corner")
"""Rows of every landmark array. Right and left are the person's: the viewer sees the right eye on
the left."""
NEAR_EDGE: Final = 0.05
"""A landmark nearer to the photo's edge, in sizes of the face, counts as cut: the edge runs through
the eye or the mouth."""


@dataclass(frozen=True)
class Box:
    """A bounding box in pixels of the upright image; `x`, `y` is the top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, eq=False)
class FaceDetection:
    """One face of a photo.

    landmarks: (5, 2) float32, x and y in pixels of the upright image in the order of `LANDMARKS`,
        or None from a detector without landmarks.
    score: detection score in [0, 1].
    outside: share of the face beyond the photo, in [0, 1]: of its box or of its landmarks,
        whichever is more.
    upright: whether it was detected upright. False for a turned face that was not found again after
        it was turned upright.
    """

    box: Box
    landmarks: NDArray[np.float32] | None
    score: float
    outside: float = 0.0
    upright: bool = True

    @property
    def size(self) -> float:
        """Square root of the box's area, in pixels."""
        return math.sqrt(self.box.width * self.box.height)

    def within(self, width: int, height: int) -> Self:
        """Clip the face to a photo of this size, and set `outside`."""
        box, end = self.box, np.array([width, height])
        left, top = max(box.x, 0.0), max(box.y, 0.0)
        right, bottom = min(box.x + box.width, width), min(box.y + box.height, height)
        place = Box(left, top, max(right - left, 0.0), max(bottom - top, 0.0))
        area = box.width * box.height
        outside = 1 - place.width * place.height / area if area > 0 else 0.0
        points = self.landmarks
        if points is not None:
            edge = NEAR_EDGE * math.sqrt(area)
            cut = ((points < edge) | (points > end - edge)).any(axis=1)
            outside = max(outside, float(cut.mean()))
            points = np.clip(points, 0, end).astype(np.float32)
        return replace(self, box=place, landmarks=points, outside=outside)


class Doubts(NamedTuple):
    """Scores of `ml.face_check` against classifying a crop, each in [0, 1]."""

    eyes_covered: float = 0.0
    mouth_covered: float = 0.0
    no_face: float = 0.0


@dataclass(frozen=True)
class Quality:
    """Measurements of a face, and the flags that they set: see `ml.quality`.

    face_size: square root of the box's area, in pixels of the photo.
    sharpness: variance of the Laplacian of the 48×48 crop (Pech-Pacheco et al. 2000) over the
        variance of its grey levels; 0 for an even grey.
    brightness: mean grey of the crop, 0 black to 255 white.
    contrast: standard deviation of the crop's grey levels, 0 to 127.5.
    roll: degrees by which the line of the eyes is turned clockwise; 0 without landmarks.
    turn: distance of the nose from the middle of the eyes along their line, in eye distances; 0
        for a frontal face, or without landmarks.
    outside: see `FaceDetection`.
    flags: the subset of `ml.quality.FLAGS` that is set.
    """

    face_size: float
    sharpness: float
    brightness: float
    contrast: float
    roll: float
    turn: float
    outside: float = 0.0
    flags: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        values = asdict(self)
        flags = list(values.pop("flags"))
        return {name: round(value, 3) for name, value in values.items()} | {"flags": flags}


@dataclass(frozen=True, eq=False)
class FaceAnalysis:
    """One face with its expression; `index` numbers the faces of a photo from 0.

    probabilities are calibrated, keyed by emotion in the order of `ml.labels.EMOTIONS`, and sum to
    1. confidence is the probability of `emotion`. uncertain: confidence is below the threshold of
    the weights' manifest, or a flag of `ml.quality.UNREADABLE` is set. Box and landmarks are as in
    `FaceDetection`.
    """

    index: int
    box: Box
    landmarks: NDArray[np.float32] | None
    detection_score: float
    quality: Quality
    probabilities: dict[str, float]
    emotion: str
    confidence: float
    uncertain: bool

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON; pixels are rounded to hundredths."""
        landmarks = [] if self.landmarks is None else self.landmarks.tolist()
        return {
            "index": self.index,
            "box": {name: round(value, 2) for name, value in asdict(self.box).items()},
            "landmarks": [[round(x, 2), round(y, 2)] for x, y in landmarks],
            "detection_score": round(self.detection_score, 4),
            "quality": self.quality.as_dict(),
            "emotion": self.emotion,
            "confidence": self.confidence,
            "uncertain": self.uncertain,
            "probabilities": dict(self.probabilities),
        }
