"""Faces of a video's frames as they are stored: short lists of numbers.

A face is `[x, y, width, height, score, uncertain, p_angry, …, p_neutral]`: the box in pixels of the
sampled frame, the detection score, 0 or 1, and the calibrated probabilities in the order of
`Emotion`. Probabilities are the shortest decimals that name the same 32-bit numbers, so nothing is
rounded away.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, Self

import numpy as np

from detector.enums import Emotion
from detector.models import VideoSegment
from ml.types import FaceAnalysis
from ml.videos.tracking import Sighting

EMOTIONS: Final = tuple(emotion.value for emotion in Emotion)


class Observation(NamedTuple):
    """A face in a frame. `number` is its place there, `track` the number of its track or None."""

    time: float
    number: int
    x: float
    y: float
    width: float
    height: float
    score: float
    uncertain: bool
    probabilities: tuple[float, ...]
    track: int | None = None

    @classmethod
    def read(
        cls, time: float, number: int, values: Sequence[float], track: int | None = None
    ) -> Self:
        """Return the observation of a stored face."""
        x, y, width, height, score, uncertain, *rest = values
        return cls(time, number, x, y, width, height, score, bool(uncertain), tuple(rest), track)

    @property
    def emotion(self) -> str:
        """The expression with the highest probability."""
        return EMOTIONS[self.probabilities.index(self.confidence)]

    @property
    def confidence(self) -> float:
        """The highest probability."""
        return max(self.probabilities)

    @property
    def sighting(self) -> Sighting:
        """What the tracker needs of it."""
        return Sighting(self.x, self.y, self.width, self.height, self.score)


def stored(face: FaceAnalysis) -> list[float]:
    """Return a face as it is stored."""
    box = (face.box.x, face.box.y, face.box.width, face.box.height)
    return [
        *(round(value, 2) for value in box),
        round(face.detection_score, 4),
        int(face.uncertain),
        *(_shortest(face.probabilities[emotion]) for emotion in EMOTIONS),
    ]


def scaled(faces: Sequence[Sequence[float]], across: float, down: float) -> list[list[float]]:
    """Return stored faces with their boxes in the pixels of a frame of another size."""
    factors = (across, down, across, down)
    return [
        [*(round(value * by, 2) for value, by in zip(face, factors, strict=False)), *face[4:]]
        for face in faces
    ]


def frames_of(segments: Sequence[VideoSegment]) -> Iterator[tuple[float, list[Observation]]]:
    """Yield the frames of segments: the time, and the faces with their tracks where known."""
    for segment in segments:
        tracks: list[list[int | None]] = segment.tracks or [
            [None] * len(faces) for _, faces in segment.observations
        ]
        for (time, faces), numbers in zip(segment.observations, tracks, strict=True):
            yield time, read_frame(time, faces, numbers)


def read_frame(
    time: float, faces: Sequence[Sequence[float]], tracks: Sequence[int | None] | None = None
) -> list[Observation]:
    """Return the observations of a stored frame."""
    numbers = tracks if tracks is not None else [None] * len(faces)
    return [
        Observation.read(time, number, face, track)
        for number, (face, track) in enumerate(zip(faces, numbers, strict=True))
    ]


def _shortest(probability: float) -> float:
    return float(str(np.float32(probability)))


def as_columns(found: Sequence[Observation]) -> dict[str, Any]:
    """Return observations as columns, which are a quarter of the size of objects."""
    return {
        "times": [each.time for each in found],
        "boxes": [[each.x, each.y, each.width, each.height] for each in found],
        "scores": [each.score for each in found],
        "probabilities": [list(each.probabilities) for each in found],
        "uncertain": [each.uncertain for each in found],
    }
