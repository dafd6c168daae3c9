"""Turns faces that lie on their side or upside down upright, and detects them again.

The detector finds such faces, but was trained on upright ones, so their landmarks are inaccurate.
The photo is rotated by the multiple of 90 degrees that brings such a face nearest to upright, and
the detector runs once more. This also finds faces that the first pass missed in photos taken
sideways. For a face that is still not upright, a square around it is rotated by its measured roll.
The upright detection replaces the first one. Figures: docs/decisions/0025-wrong-and-unsure.md.
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
"""A face with more roll, in degrees, is turned before it is classified."""
SETTLED: Final = 25.0
"""Largest roll in degrees of a face that counts as upright; the crop corrects the rest."""
MAX_WIDTH: Final = 1.05
"""A box of a larger ratio of width to height may show a face on its side, whatever its landmarks:
upright faces are higher than wide."""
MAX_TURNED: Final = 8
"""Most faces of a photo that are turned, largest first; bounds the cost of a photo."""
QUARTERS: Final = (0, 90, -90, 180)
"""Degrees added to the measured roll, one after the other, until the face is found upright."""
PATCH: Final = 256
"""Side of the square that the detector gets, in pixels."""
FACE: Final = 96
"""Size of the face in this square, in pixels."""
MIN_SCORE: Final = 0.6
"""Same value as `ml.face_detection.SCORE_THRESHOLD`."""
CLEAR: Final = 0.85
"""Score from which no further rotation is tried. A wrongly turned face may be found, too, but with
a lower score."""
MAX_SHIFT: Final = 0.5
"""Largest distance of the detected face from the middle of the square, in `FACE`."""
SIZES: Final = (0.6, 1.7)
"""Allowed range of its size, in `FACE`."""

ANOTHER: Final = 0.3
"""A face of the turned photo is new if it shares at most this part of the smaller box with each
upright face."""

Look = Callable[[NDArray[np.uint8]], list[FaceDetection]]
"""Detects the faces of a picture, in its own pixels."""


def roll_degrees(landmarks: NDArray[np.float32] | None) -> float:
    """Return the roll: degrees by which the line from right to left eye is turned clockwise.

    In (-180, 180]; 0 without landmarks.
    """
    if landmarks is None:
        return 0.0
    across, down = landmarks[1] - landmarks[0]
    return math.degrees(math.atan2(down, across))


def is_turned(face: FaceDetection) -> bool:
    """Return whether the face may lie on its side or upside down."""
    lies = face.box.width > MAX_WIDTH * face.box.height and face.outside == 0
    return abs(roll_degrees(face.landmarks)) > MAX_ROLL or lies


def settled(
    look: Look, whole_look: Look, rgb: NDArray[np.uint8], faces: list[FaceDetection]
) -> list[FaceDetection]:
    """Replace each turned face by its upright detection.

    `look` detects in small squares, `whole_look` in photos of any size. A turned face that is not
    found upright stays as it was, with `upright` set to False.
    """
    straight = [face for face in faces if not is_turned(face)]
    turned = sorted(
        (face for face in faces if is_turned(face)), key=lambda face: face.size, reverse=True
    )
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
    """Return how many counter-clockwise turns by 90 degrees bring the face nearest to upright."""
    return round(roll_degrees(face.landmarks) / 90) % 4


def _in_turned_photo(look: Look, rgb: NDArray[np.uint8], quarters: int) -> list[FaceDetection]:
    """Detect upright faces in the turned photo. Returns them in pixels of the unturned one."""
    detected = look(np.ascontiguousarray(np.rot90(rgb, quarters)))
    upright = [face for face in detected if face.score >= MIN_SCORE and not is_turned(face)]
    for _ in range(quarters):
        upright = [_turned_back(face) for face in upright]
    # Moves the corner about which the faces were turned back to the photo's corner.
    offset = {1: (rgb.shape[1], 0), 2: rgb.shape[1::-1], 3: (0, rgb.shape[0])}[quarters]
    return [_moved(face, *offset) for face in upright]


def _turned_back(face: FaceDetection) -> FaceDetection:
    """Turn a face clockwise by 90 degrees about the top left corner of the photo."""
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
    """Return the best detection of the face in squares that turn it upright."""
    measured = roll_degrees(face.landmarks)
    best: FaceDetection | None = None
    for quarter in QUARTERS:
        square = _Square.around(face, measured + quarter)
        seen = square.face(look, rgb)
        if seen is not None and abs(roll_degrees(seen.landmarks)) > SETTLED:
            # Inaccurate landmarks turned it too little or too far; correct by the remaining roll.
            square = _Square.around(face, square.roll + roll_degrees(seen.landmarks))
            seen = square.face(look, rgb)
        if seen is None or abs(roll_degrees(seen.landmarks)) > SETTLED or is_turned(seen):
            continue
        placed = square.in_photo(seen, rgb)
        # In the repeated border there is no face, and one of no pixels could not be stored.
        if min(placed.box.width, placed.box.height) < 1:
            continue
        if best is None or seen.score > best.score:
            best = placed
        if best.score >= CLEAR:
            break
    return best


@dataclass(frozen=True)
class _Square:
    """A square of the photo, turned clockwise by `roll` degrees: centre and size of the face."""

    x: float
    y: float
    size: float
    roll: float

    @classmethod
    def around(cls, face: FaceDetection, roll: float) -> "_Square":
        box = face.box
        return cls(box.x + box.width / 2, box.y + box.height / 2, face.size, roll)

    def to_photo(self) -> NDArray[np.float64]:
        """Return the affine matrix (2, 3) from pixels of the square to pixels of the photo."""
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
        """Return the best face in the middle of the square, in its pixels."""
        near = [
            face
            for face in look(self._picture(rgb))
            if face.score >= MIN_SCORE and self._is_in_the_middle(face.box, face.size)
        ]
        return max(near, key=lambda face: face.score, default=None)

    def _is_in_the_middle(self, box: Box, size: float) -> bool:
        away = math.hypot(box.x + (box.width - PATCH) / 2, box.y + (box.height - PATCH) / 2)
        return away <= MAX_SHIFT * FACE and SIZES[0] <= size / FACE <= SIZES[1]

    def _picture(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Cut out the square, (256, 256, 3). Beyond the photo its border is repeated."""
        reach = math.ceil(self.size / FACE * PATCH * math.sqrt(0.5)) + 2
        height, width = rgb.shape[:2]
        left, top = max(math.floor(self.x) - reach, 0), max(math.floor(self.y) - reach, 0)
        part = rgb[top : min(top + 2 * reach, height), left : min(left + 2 * reach, width)]
        # Average before shrinking, to avoid aliasing.
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
        """Convert a face from pixels of the square to pixels of the photo.

        Its box is axis-aligned in the photo, with the centre and size of the turned one.
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
