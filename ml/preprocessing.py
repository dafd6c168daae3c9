"""Cuts a detected face out of a photo, as the 48×48 grayscale crop that the network expects.

Serving and measurements use the same functions. A crop must be framed as FER2013 framed its faces,
since the network was trained on these. SIDE_PER_SIZE and RISE were measured by running the detector
on enlarged training images: `python -m ml.training.studies.framing`. The figures are in
docs/decisions/0004-crop-framing.md.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml import turned_faces
from ml.face_detection import check_photo
from ml.types import FaceDetection

CROP_SIZE: Final = 48
SIDE_PER_SIZE: Final = 1.17
"""Side of the crop over the face size, which is the square root of the box's area."""
RISE: Final = 0.08
"""Distance of the crop's centre above the middle of eyes and mouth, in sides of the crop."""


@dataclass(frozen=True)
class Frame:
    """A square in the photo: centre and side in pixels, turned by `roll` degrees clockwise."""

    centre_x: float
    centre_y: float
    side: float
    roll: float


def roll_degrees(detection: FaceDetection) -> float:
    """Return the roll of a face: see `ml.turned_faces.roll_degrees`."""
    return turned_faces.roll_degrees(detection.landmarks)


def frame(detection: FaceDetection) -> Frame:
    """Return the square that frames this face as FER2013 does.

    It is turned by the eyes and centred by eyes and mouth. Without plausible landmarks it is
    upright and centred on the box, which is the median position in FER2013, too.
    """
    box = detection.box
    side = SIDE_PER_SIZE * math.sqrt(box.width * box.height)
    if detection.landmarks is None or not _plausible(detection.landmarks, roll_degrees(detection)):
        return Frame(box.x + box.width / 2, box.y + box.height / 2, side, 0.0)
    roll = roll_degrees(detection)
    eyes, mouth = detection.landmarks[:2].mean(axis=0), detection.landmarks[3:].mean(axis=0)
    middle_x, middle_y = ((eyes + mouth) / 2).tolist()
    angle = math.radians(roll)
    return Frame(
        middle_x + RISE * side * math.sin(angle),
        middle_y - RISE * side * math.cos(angle),
        side,
        roll,
    )


def _plausible(landmarks: NDArray[np.float32], roll: float) -> bool:
    """Return whether the mouth is below the eyes in the turned face."""
    angle = math.radians(roll)
    across, down = landmarks[3:].mean(axis=0) - landmarks[:2].mean(axis=0)
    return bool(down * math.cos(angle) - across * math.sin(angle) > 0)


def crop(rgb: NDArray[np.uint8], detection: FaceDetection) -> NDArray[np.uint8]:
    """Cut out a face, upright and framed as in FER2013: (48, 48) uint8 grey, 0 black, 255 white.

    rgb: (H, W, 3) uint8, colour order RGB. Beyond the photo its border is repeated. Grey is BT.601
    luma, as in FER2013. Raises ValueError for another shape or type.
    """
    check_photo(rgb)
    return cut(rgb, frame(detection))


def cut(rgb: NDArray[np.uint8], square: Frame) -> NDArray[np.uint8]:
    """Sample a square of the photo as (48, 48) uint8 grey.

    A large square is sampled about once per pixel and then averaged, to avoid aliasing. A small one
    is interpolated.
    """
    patch, left, top = _surroundings(rgb, square)
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)
    finer = max(math.ceil(square.side / CROP_SIZE), 1)
    size = CROP_SIZE * finer
    step = square.side / size
    cosine = step * math.cos(math.radians(square.roll))
    sine = step * math.sin(math.radians(square.roll))
    # Maps sample centres to the photo; pixel centres have integer coordinates.
    middle = (size - 1) / 2
    x, y = square.centre_x - left - 0.5, square.centre_y - top - 0.5
    matrix = np.array(
        [
            [cosine, -sine, x - cosine * middle + sine * middle],
            [sine, cosine, y - sine * middle - cosine * middle],
        ]
    )
    sampled = cv2.warpAffine(
        grey,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if finer == 1:
        return np.asarray(sampled, np.uint8)
    shrunk = cv2.resize(sampled, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.uint8)


def _surroundings(rgb: NDArray[np.uint8], square: Frame) -> tuple[NDArray[np.uint8], int, int]:
    """Return the part of the photo that the square can touch, with its left and top.

    So only this part is converted to grey for each face, not the whole photo.
    """
    height, width = rgb.shape[:2]
    reach = square.side * math.sqrt(0.5) + 2
    left = min(max(math.floor(square.centre_x - reach), 0), width - 1)
    top = min(max(math.floor(square.centre_y - reach), 0), height - 1)
    right = max(min(math.ceil(square.centre_x + reach), width), left + 1)
    bottom = max(min(math.ceil(square.centre_y + reach), height), top + 1)
    return rgb[top:bottom, left:right], left, top
