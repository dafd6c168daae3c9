"""Faces that lie on their side or upside down: turned upright and looked at again.

The detector sees such faces, but its landmarks for them are rough: it knows upright ones. So the
photo is turned by the quarters that bring such a face nearest to upright, as a photo needs that was
taken sideways, and looked at once more; it shows others that were missed, too. Where a face is not
upright in there either, a square around it is turned by the roll that was measured. The face that
is seen upright takes the place of the first. Figures: docs/decisions/0025-wrong-and-unsure.md.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml import overlaps
from ml.types import Box, FaceDetection

MAX_ROLL: Final = 45.0
"""Degrees from which a face is turned before it is read."""
SETTLED: Final = 25.0
"""Degrees within which a face that was turned counts as upright; the crop takes back the rest."""
MAX_WIDTH: Final = 1.05
"""Width of the box over its height from which a face may lie on its side, whatever its landmarks
say: faces are higher than wide."""
MAX_TURNED: Final = 8
"""Faces of a photo that are turned, the largest first: bounds what a photo costs."""
QUARTERS: Final = (0, 90, -90, 180)
"""Turned by the measured roll the face should be upright; if not, by quarters more."""
PATCH: Final = 256
"""Side of the square that is looked at, in pixels."""
FACE: Final = 96
"""Size of the face in there."""
MIN_SCORE: Final = 0.6
"""As `ml.face_detection.SCORE_THRESHOLD`."""
CLEAR: Final = 0.85
"""Score from which no other quarter is tried: one that lies may pass as upright, but faintly."""
MAX_SHIFT: Final = 0.5
"""Distance of the face that is seen from the middle of the square, in sizes of the face."""
SIZES: Final = (0.6, 1.7)
"""Its size over that of the first."""

ANOTHER: Final = 0.3
"""Share of the smaller box up to which a face of the turned photo is not one that was upright."""

Look = Callable[[NDArray[np.uint8]], list[FaceDetection]]
"""The faces of a picture in its own pixels."""


def roll_degrees(landmarks: NDArray[np.float32] | None) -> float:
    """Clockwise turn of the line from the right eye to the left one, in (-180, 180].

    0 without landmarks.
    """
    if landmarks is None:
        return 0.0
    across, down = landmarks[1] - landmarks[0]
    return math.degrees(math.atan2(down, across))


def is_turned(face: FaceDetection) -> bool:
    """Whether the face may lie on its side or upside down."""
    lies = face.box.width > MAX_WIDTH * face.box.height and face.outside == 0
    return abs(roll_degrees(face.landmarks)) > MAX_ROLL or lies


def settled(
    look: Look, whole_look: Look, rgb: NDArray[np.uint8], faces: list[FaceDetection]
) -> list[FaceDetection]:
    """The faces of a photo, each turned one as it is seen upright.

    `look` sees small squares, `whole_look` photos of any size. A turned face that is not seen once
    it is upright stays as it was, marked so.
    """
    straight = [face for face in faces if not is_turned(face)]
    turned = sorted((face for face in faces if is_turned(face)), key=_size, reverse=True)
    found = []
    for quarters in sorted({_quarters(face) for face in turned[:MAX_TURNED]} - {0}):
        found += [
            face
            for face in _in_turned_photo(whole_look, rgb, quarters)
            if all(overlaps.shared(face.box, other.box) <= ANOTHER for other in straight)
        ]
    left = [face for face in turned if not any(overlaps.one_face(face, seen) for seen in found)]
    upright = [_upright(look, rgb, face) for face in left[:MAX_TURNED]]
    upright += [None] * (len(left) - len(upright))
    kept = [seen or replace(face, upright=False) for face, seen in zip(left, upright, strict=True)]
    return straight + found + kept


def _quarters(face: FaceDetection) -> int:
    """How often the photo is turned by 90 degrees, counter-clockwise, for an upright face."""
    return round(roll_degrees(face.landmarks) / 90) % 4


def _in_turned_photo(look: Look, rgb: NDArray[np.uint8], quarters: int) -> list[FaceDetection]:
    """Faces that are upright once the photo is turned, in its pixels before."""
    seen = look(np.ascontiguousarray(np.rot90(rgb, quarters)))
    sure = [face for face in seen if face.score >= MIN_SCORE and not is_turned(face)]
    for _ in range(quarters):
        # The photo's width is the height of the turned one, where it is turned back last.
        sure = [_turned_back(face) for face in sure]
    offset = {1: (rgb.shape[1], 0), 2: rgb.shape[1::-1], 3: (0, rgb.shape[0])}[quarters]
    return [_moved(face, *offset) for face in sure]


def _turned_back(face: FaceDetection) -> FaceDetection:
    """A face turned clockwise by 90 degrees about the photo's corner."""
    box, points = face.box, face.landmarks
    place = Box(-box.y - box.height, box.x, box.height, box.width)
    if points is not None:
        points = np.stack([-points[:, 1], points[:, 0]], axis=1)
    return replace(face, box=place, landmarks=points)


def _moved(face: FaceDetection, across: float, down: float) -> FaceDetection:
    points = (
        None if face.landmarks is None else face.landmarks + np.array([across, down], np.float32)
    )
    box = replace(face.box, x=face.box.x + across, y=face.box.y + down)
    return replace(face, box=box, landmarks=points)


def _upright(look: Look, rgb: NDArray[np.uint8], face: FaceDetection) -> FaceDetection | None:
    """The face as it is seen best in a square in which it is upright."""
    measured = roll_degrees(face.landmarks)
    best: FaceDetection | None = None
    for quarter in QUARTERS:
        square = _Square.around(face, measured + quarter)
        seen = square.face(look, rgb)
        if seen is not None and abs(roll_degrees(seen.landmarks)) > SETTLED:
            # Rough landmarks turned it too little or too far.
            square = _Square.around(face, square.roll + roll_degrees(seen.landmarks))
            seen = square.face(look, rgb)
        if seen is None or abs(roll_degrees(seen.landmarks)) > SETTLED or is_turned(seen):
            continue
        if best is None or seen.score > best.score:
            best = square.in_photo(seen, rgb)
        if best.score >= CLEAR:
            break
    return best


def _size(face: FaceDetection) -> float:
    return math.sqrt(face.box.width * face.box.height)


@dataclass(frozen=True)
class _Square:
    """A square of the photo, turned clockwise by `roll` degrees: centre, size of its face."""

    x: float
    y: float
    size: float
    roll: float

    @classmethod
    def around(cls, face: FaceDetection, roll: float) -> "_Square":
        box = face.box
        return cls(box.x + box.width / 2, box.y + box.height / 2, _size(face), roll)

    def to_photo(self) -> NDArray[np.float64]:
        """(2, 3): from pixels of the square's picture to those of the photo."""
        step = self.size / FACE
        cosine = step * math.cos(math.radians(self.roll))
        sine = step * math.sin(math.radians(self.roll))
        half = PATCH / 2
        return np.array(
            [
                [cosine, -sine, self.x - (cosine - sine) * half],
                [sine, cosine, self.y - (sine + cosine) * half],
            ]
        )

    def face(self, look: Look, rgb: NDArray[np.uint8]) -> FaceDetection | None:
        """The best face in the middle of the square, in its pixels."""
        near = [
            face
            for face in look(self._picture(rgb))
            if face.score >= MIN_SCORE and self._is_the_one(face.box, _size(face))
        ]
        return max(near, key=lambda face: face.score, default=None)

    def _is_the_one(self, box: Box, size: float) -> bool:
        away = math.hypot(box.x + (box.width - PATCH) / 2, box.y + (box.height - PATCH) / 2)
        return away <= MAX_SHIFT * FACE and SIZES[0] <= size / FACE <= SIZES[1]

    def _picture(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(256, 256, 3), upright; beyond the photo its border is repeated."""
        reach = math.ceil(self.size / FACE * PATCH * math.sqrt(0.5)) + 2
        height, width = rgb.shape[:2]
        left, top = max(math.floor(self.x) - reach, 0), max(math.floor(self.y) - reach, 0)
        part = rgb[top : min(top + 2 * reach, height), left : min(left + 2 * reach, width)]
        # Averaged first where it shrinks, so that nothing aliases.
        scale = min(FACE / self.size, 1.0)
        if scale < 1:
            size = max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1)
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = scale * (self.to_photo() - [[0, 0, left], [0, 0, top]])
        turned = cv2.warpAffine(
            np.ascontiguousarray(part),
            matrix,
            (PATCH, PATCH),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(turned, np.uint8)

    def in_photo(self, face: FaceDetection, rgb: NDArray[np.uint8]) -> FaceDetection:
        """A face of the square in pixels of the photo.

        Its box is upright in the photo, around the middle of the turned one, of the same size.
        """
        matrix, step = self.to_photo(), self.size / FACE
        box, points = face.box, face.landmarks
        middle = np.array([box.x + box.width / 2, box.y + box.height / 2])
        x, y = (matrix[:, :2] @ middle + matrix[:, 2]).tolist()
        wide, tall = step * box.width, step * box.height
        if abs(math.cos(math.radians(self.roll))) < math.sqrt(0.5):
            wide, tall = tall, wide
        if points is not None:
            points = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        place = Box(x - wide / 2, y - tall / 2, wide, tall)
        return FaceDetection(place, points, face.score).within(rgb.shape[1], rgb.shape[0])
