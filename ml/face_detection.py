"""Finds faces in a photo: bounding boxes, five landmarks and scores.

`FaceDetector` is the interface, `CenterFace` (Xu et al. 2019, arXiv:1911.03599; MIT licence) the
implementation. `ml.centerface_graph` prepares its network.
"""

import math
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ml import centerface, centerface_graph, overlaps, runtime, turned_faces
from ml.detection_views import CloseUp, DetectionPass, View, scaled
from ml.types import FaceDetection

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
FAR_THRESHOLD: Final = 0.5
"""Score from which a large face counts that only a further pass sees: from afar, more textures look
like faces."""
TRACE_THRESHOLD: Final = 0.1
"""Score from which a small face of a large photo is looked at closely."""
LARGE_PHOTO_SCALE: Final = 0.5
"""A photo is large if the first pass shrinks it to this scale or further."""
TRACE_SIZE: Final = 24
"""Largest size of a trace in the first pass, in pixels."""
CLOSE_UP_ZOOM: Final = 2.5
"""Scale of a close-up over that of the first pass; at most the photo's own pixels."""
MAX_CLOSE_UPS: Final = 6
"""All together see fewer pixels than the first pass of a photo of 3:4."""
LARGE_SHARE: Final = 0.1
"""A face is large from this share of the photo's short side on."""


DETECTION_PASSES: Final = (DetectionPass(96, 160), DetectionPass(128, 192), DetectionPass(64, 128))
"""Run one after the other until a face reaches the threshold, as long as all together see no more
pixels than the first pass. They find faces that fill the photo, are cut by its frame, or are dark.
Measured in docs/decisions/0032-detector-on-onnx-runtime.md."""


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


class CenterFace:
    """CenterFace on ONNX Runtime. Threads may share it.

    The cost is bounded for photos of any size: the first pass sees at most `working_side` pixels on
    the long side. Further `passes` run only where no face reaches the threshold, and see no more
    pixels than the first one, all together.
    """

    def __init__(
        self,
        *,
        score_threshold: float = SCORE_THRESHOLD,
        working_side: int = WORKING_SIDE,
        passes: tuple[DetectionPass, ...] = DETECTION_PASSES,
        threads: int | None = None,
    ) -> None:
        """Read the network. Raises `centerface_graph.FaceDetectorError`.

        One call of the network uses `threads` threads: see `ml.runtime.session`.
        """
        self._score_threshold, self._working_side = score_threshold, working_side
        self._passes = passes
        self._session = runtime.session(centerface_graph.read(), threads=threads, any_size=True)

    def detect(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Find faces as `FaceDetector.detect` says, sorted by left, then by top edge.

        Where no face reaches the threshold, further passes look for large faces. Turned faces are
        detected once more after they were turned upright.
        """
        check_photo(rgb)
        candidates = self._first_pass(rgb)
        faces = self._confident(candidates) + self._close_ups(rgb, candidates)
        faces = faces or max(
            _large_faces(candidates, rgb, FAINT_THRESHOLD), self._run_passes(rgb), key=_best_score
        )
        if any(map(turned_faces.is_turned, faces)):
            faces = turned_faces.settled(self.look, self._first_pass, rgb, faces)
        return sorted(overlaps.merged(faces), key=lambda face: (face.box.x, face.box.y))

    def warm_up(self) -> None:
        """Run the network once, on a picture of a usual size."""
        self.look(np.zeros((480, 640, 3), np.uint8))

    def _first_pass(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Detect faces from `TRACE_THRESHOLD` up, in the photo scaled to the working size."""
        height, width = rgb.shape[:2]
        scale = self._scale(width, height)
        return self._detect_in_picture(scaled(rgb, scale), View(scale, 0, 0, width, height))

    def look(self, picture: NDArray[np.uint8]) -> list[FaceDetection]:
        """Detect faces from `TRACE_THRESHOLD` up at the picture's own size, once; best first."""
        view = View(1.0, 0, 0, picture.shape[1], picture.shape[0])
        return self._detect_in_picture(picture, view)

    def _confident(self, faces: list[FaceDetection]) -> list[FaceDetection]:
        return [face for face in faces if face.score >= self._score_threshold]

    def _close_ups(
        self, rgb: NDArray[np.uint8], candidates: list[FaceDetection]
    ) -> list[FaceDetection]:
        """Look closely at traces of small faces in a large photo. Returns the confident faces."""
        scale = self._scale(rgb.shape[1], rgb.shape[0])
        if scale > LARGE_PHOTO_SCALE:
            return []
        known = self._confident(candidates)
        traces = [
            face
            for face in candidates
            if face.score < self._score_threshold
            and _size(face) * scale <= TRACE_SIZE
            and not any(overlaps.one_face(face, other) for other in known)
        ]
        found: list[FaceDetection] = []
        for _ in range(MAX_CLOSE_UPS):
            if not traces:
                break
            square = CloseUp.around(max(traces, key=_score), rgb, min(CLOSE_UP_ZOOM * scale, 1.0))
            seen = self._confident(self._detect_in_picture(*square.picture(rgb)))
            found += [face for face in seen if square.holds(face)]
            traces = [trace for trace in traces if not square.holds(trace)]
        return found

    def _run_passes(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Return the large faces of the first pass that reaches the threshold, else the best."""
        scale = self._scale(rgb.shape[1], rgb.shape[0])
        budget = scale**2 * rgb.shape[0] * rgb.shape[1]
        best: list[FaceDetection] = []
        for detection_pass in self._passes:
            picture, view = detection_pass.picture(rgb)
            budget -= picture.shape[0] * picture.shape[1]
            if budget < 0 or _best_score(best) >= self._score_threshold:
                break
            seen = self._detect_in_picture(picture, view)
            large = _large_faces(seen, rgb, FAR_THRESHOLD)
            best = max(best, large, key=_best_score)
        return best

    def _detect_in_picture(self, picture: NDArray[np.uint8], view: View) -> list[FaceDetection]:
        """Run the network once. Returns faces from `TRACE_THRESHOLD` up in pixels of the photo."""
        heatmap, sizes, offsets, points = self._run(centerface.network_input(picture))
        rows, columns = np.nonzero(heatmap[0] >= TRACE_THRESHOLD)
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
        outputs = self._session.run(list(centerface.OUTPUTS), {centerface.INPUT: blob})
        return [np.asarray(output[0]) for output in outputs]


def check_photo(rgb: NDArray[np.uint8]) -> None:
    """Raise ValueError unless `rgb` is (H, W, 3) uint8 with at least one pixel."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise ValueError(f"a photo must be (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")


def _large_faces(
    faces: list[FaceDetection], rgb: NDArray[np.uint8], least_score: float
) -> list[FaceDetection]:
    """Return the faces from a score up that are large in the photo: see `LARGE_SHARE`."""
    least_size = LARGE_SHARE * min(rgb.shape[:2])
    return [face for face in faces if face.score >= least_score and _size(face) >= least_size]


def _size(face: FaceDetection) -> float:
    return math.sqrt(face.box.width * face.box.height)


def _score(face: FaceDetection) -> float:
    return face.score


def _best_score(faces: list[FaceDetection]) -> float:
    return max(map(_score, faces), default=0.0)
