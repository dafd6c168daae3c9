"""The pictures of a photo that the face detector looks at: whole, closely, or from afar."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.image_pixels import averaged
from ml.types import Box, FaceDetection

CLOSE_UP: Final = 320
"""Side of a close-up, in pixels of the network."""
BRIGHT_PERCENTILE: Final = 98
BRIGHT: Final = 230
"""A further pass scales the photo's brightness so that this percentile of it has this value."""
MAX_GAIN: Final = 16.0
"""Largest factor of this scaling; beyond, there is nothing but noise."""


@dataclass(frozen=True)
class View:
    """Where a photo of `width` × `height` is in a picture: scaled, then moved by `left`, `top`."""

    scale: float
    left: int
    top: int
    width: int
    height: int

    def detection(
        self, box: NDArray[np.float32], landmarks: NDArray[np.float32], score: np.float32
    ) -> FaceDetection:
        """Convert a face from pixels of the picture to pixels of the photo, clipped to it."""
        corner = np.array([self.left, self.top])
        left, top = ((box[:2] - corner) / self.scale).tolist()
        wide, tall = (box[2:] / self.scale).tolist()
        points = ((landmarks - corner) / self.scale).astype(np.float32)
        face = FaceDetection(Box(left, top, wide, tall), points, float(score))
        return face.within(self.width, self.height)


@dataclass(frozen=True)
class DetectionPass:
    """A further pass over a photo, from afar.

    The photo is scaled to a long side of `side` pixels, brightened, and centred on its mean colour
    in a picture of at least `wall` pixels on each side.
    """

    side: int
    wall: int

    def picture(self, rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], View]:
        """Make the picture, (H, W, 3) uint8, and say where the photo is in it."""
        height, width = rgb.shape[:2]
        scale = self.side / max(width, height)
        small = _brightened(scaled(rgb, scale))
        tall, wide = (max(self.wall, length) for length in small.shape[:2])
        top, left = (tall - small.shape[0]) // 2, (wide - small.shape[1]) // 2
        wall = np.empty((tall, wide, 3), np.uint8)
        wall[:] = small.mean(axis=(0, 1)).round()
        wall[top : top + small.shape[0], left : left + small.shape[1]] = small
        return wall, View(scale, left, top, width, height)


@dataclass(frozen=True)
class CloseUp:
    """A square of a large photo: left and top edge and side in pixels of the photo, and scale."""

    left: int
    top: int
    side: int
    scale: float

    @classmethod
    def around(cls, face: FaceDetection, rgb: NDArray[np.uint8], scale: float) -> "CloseUp":
        """Return the square with the face in the middle, moved where it would leave the photo."""
        side = math.ceil(CLOSE_UP / scale)
        x, y = face.box.x + face.box.width / 2, face.box.y + face.box.height / 2
        left, top = (
            round(min(max(middle - side / 2, 0), max(length - side, 0)))
            for middle, length in ((x, rgb.shape[1]), (y, rgb.shape[0]))
        )
        return cls(left, top, side, scale)

    @classmethod
    def cover(
        cls, faces: list[FaceDetection], rgb: NDArray[np.uint8], scale: float
    ) -> list["CloseUp"]:
        """Return squares that hold all faces between them, around the best one left each time."""
        squares, left = [], sorted(faces, key=lambda face: -face.score)
        while left:
            square = cls.around(left[0], rgb, scale)
            squares.append(square)
            left = [face for face in left[1:] if not square.holds(face)]
        return squares

    def picture(self, rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], View]:
        """Cut the square out, (H, W, 3) uint8, and say where the photo is in it."""
        part = rgb[self.top : self.top + self.side, self.left : self.left + self.side]
        left, top = round(-self.left * self.scale), round(-self.top * self.scale)
        view = View(self.scale, left, top, rgb.shape[1], rgb.shape[0])
        return scaled(np.ascontiguousarray(part), self.scale), view

    def holds(self, face: FaceDetection) -> bool:
        """Return whether the whole box of the face is in the square."""
        across, down = face.box.x - self.left, face.box.y - self.top
        far = max(across + face.box.width, down + face.box.height)
        return across >= 0 and down >= 0 and far <= self.side


def scaled(rgb: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Scale both sides of the photo; averages to shrink, interpolates to enlarge."""
    if scale == 1:
        return rgb
    if scale < 1:
        return averaged(rgb, scale)
    size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _brightened(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale the brightness of a picture, so that a dark one uses the range of a usual one."""
    bright = float(np.percentile(rgb, BRIGHT_PERCENTILE))
    gain = min(BRIGHT / max(bright, 1.0), MAX_GAIN)
    return np.asarray(cv2.convertScaleAbs(rgb, alpha=gain), np.uint8)
