"""Finds faces in a photo: bounding boxes, five landmarks and scores.

`FaceDetector` is the interface, `CenterFace` (Xu et al. 2019, arXiv:1911.03599; MIT licence) the
implementation. `ml.centerface_graph` prepares its network.
"""

import math
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ml import centerface, centerface_graph, overlaps, runtime, turned_faces
from ml.detection_views import CLOSE_UP, CloseUp, DetectionPass, View, scaled
from ml.types import FaceDetection

SCORE_THRESHOLD: Final = 0.6
WORKING_SIDE: Final = 960
"""Long side to which larger photos are shrunk. This value, the threshold above and the two values
below were measured in docs/decisions/0003-face-detector.md."""
LONGEST: Final = 2.0
"""Ratio of the sides up to which this holds. A longer photo, a panorama or a long screenshot, keeps
as many pixels as one of this ratio: else its faces would be a few pixels high."""
MAX_WORKING_SIDE: Final = 14_400
"""Bounds its long side: the network's input is no narrower than 32 pixels."""
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
"""Score from which a place is looked at closer."""
LARGE_SHARE: Final = 0.1
"""A face is large from this share of the photo's short side on."""


COARSE: Final = 0.5
"""Scale of the first pass over the working scale."""
LAST: Final = 0.7
"""Scale of the last pass over the working scale, where nothing is found otherwise: a small face may
leave no trace at the first one."""
CLEAR_SIZE: Final = 20
"""A confident face of this size in the first pass, in pixels, is not looked at closer."""
TRACE_SIZE: Final = 80
"""What is larger in the first pass and not confident is left to `DETECTION_PASSES`."""
WHOLE_SHARE: Final = 0.6
"""Where close-ups would see more than this share of the photo, all of it is seen instead."""
LARGE_PHOTO: Final = 0.5
"""A photo is large if the working scale is below this. It is seen whole, and then closer."""
SMALL_TRACE_SIZE: Final = 24
"""Largest size, in pixels of the working scale, of what is looked at closer in a large photo."""
FINEST: Final = 2.5
"""Scale of these close-ups over the working scale; at most the photo's own pixels."""
MAX_CLOSEST: Final = 6
"""All of them together see fewer pixels than the working scale has of a photo of 3:4."""
DETECTION_PASSES: Final = (DetectionPass(96, 160), DetectionPass(128, 192), DetectionPass(64, 128))
"""Passes over a photo in which no face is confident, one after the other until one is, as long as
all passes together see no more pixels than the photo has at the working scale. They find faces that
fill the photo, are cut by its frame, or are dark."""


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

    A photo is seen at half the working scale first, and closer where a face is small or not
    confident. So a usual photo costs a quarter of what it would at the working scale, and the cost
    is bounded for photos of any size. docs/decisions/0032-detector-on-onnx-runtime.md has figures.
    """

    def __init__(
        self,
        *,
        score_threshold: float = SCORE_THRESHOLD,
        working_side: int = WORKING_SIDE,
        passes: tuple[DetectionPass, ...] = DETECTION_PASSES,
        threads: int = 1,
        graph: centerface_graph.Graph = centerface_graph.INT8,
    ) -> None:
        """Read the network. Raises `centerface_graph.FaceDetectorError`.

        One call of the network uses `threads` threads: see `ml.runtime.session`.
        """
        self._score_threshold, self._working_side = score_threshold, working_side
        self._passes = passes
        self._session = runtime.session(
            centerface_graph.read(graph), threads=threads, any_size=True
        )

    def detect(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Find faces as `FaceDetector.detect` says, sorted by left, then by top edge.

        Where no face reaches the threshold, further passes look for large faces. Turned faces are
        detected once more after they were turned upright.
        """
        check_photo(rgb)
        candidates, was_seen_whole = self._candidates(rgb, COARSE)
        faces = self._confident(candidates) or self._look_again(rgb, candidates)
        if not faces and not was_seen_whole:
            candidates, _ = self._candidates(rgb, LAST)
            faces = self._confident(candidates)
        if any(map(turned_faces.is_turned, faces)):
            faces = turned_faces.settled(self.look, self.look_at_whole, rgb, faces)
        return sorted(overlaps.merged(faces), key=lambda face: (face.box.x, face.box.y))

    def warm_up(self) -> None:
        """Run the network once, on the size that a usual photo has in the first pass."""
        self.look(np.zeros((240, 320, 3), np.uint8))

    def look(self, picture: NDArray[np.uint8]) -> list[FaceDetection]:
        """Detect faces from `TRACE_THRESHOLD` up at the picture's own size, once; best first."""
        return self._whole(picture, 1.0)

    def look_at_whole(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Detect faces from `TRACE_THRESHOLD` up in the photo at the working scale, once."""
        return self._whole(rgb, self._scale(rgb))

    def _candidates(self, rgb: NDArray[np.uint8], share: float) -> tuple[list[FaceDetection], bool]:
        """Detect faces from `TRACE_THRESHOLD` up, from a share of the working scale to all of it.

        Returns them and whether the whole photo was seen at the working scale, or is too small for
        that to help.
        """
        scale = self._scale(rgb)
        if scale < LARGE_PHOTO:
            return self._look_closest(rgb, self.look_at_whole(rgb), scale), True
        coarse = self._whole(rgb, share * scale)
        least = CLEAR_SIZE / (share * scale)
        clear = [face for face in self._confident(coarse) if face.size >= least]
        traces = _others(coarse, clear, largest=TRACE_SIZE / (share * scale))
        close_ups = CloseUp.cover(traces, rgb, scale)
        if len(close_ups) * CLOSE_UP**2 > WHOLE_SHARE * scale**2 * rgb.shape[0] * rgb.shape[1]:
            return self.look_at_whole(rgb), True
        kept = [face for face in coarse if not any(face is trace for trace in traces)]
        return kept + self._seen_in(close_ups, rgb), max(rgb.shape[:2]) <= SMALL_SIDE

    def _look_again(
        self, rgb: NDArray[np.uint8], candidates: list[FaceDetection]
    ) -> list[FaceDetection]:
        """Find large faces in a photo in which none is confident."""
        large = _large_faces(candidates, rgb, FAINT_THRESHOLD)
        return max(large, self._run_passes(rgb), key=_best_score)

    def _look_closest(
        self, rgb: NDArray[np.uint8], found: list[FaceDetection], scale: float
    ) -> list[FaceDetection]:
        """Look at a large photo's own pixels where small faces left a trace."""
        traces = _others(found, self._confident(found), largest=SMALL_TRACE_SIZE / scale)
        close_ups = CloseUp.cover(traces, rgb, min(FINEST * scale, 1.0))
        return found + self._seen_in(close_ups[:MAX_CLOSEST], rgb)

    def _seen_in(self, close_ups: list[CloseUp], rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        return [
            face
            for close_up in close_ups
            for face in self._detect_in_picture(*close_up.picture(rgb))
            if close_up.holds(face)
        ]

    def _confident(self, faces: list[FaceDetection]) -> list[FaceDetection]:
        return [face for face in faces if face.score >= self._score_threshold]

    def _run_passes(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Return the large faces of the first pass that reaches the threshold, else the best."""
        budget = (1 - COARSE**2) * self._scale(rgb) ** 2 * rgb.shape[0] * rgb.shape[1]
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

    def _whole(self, rgb: NDArray[np.uint8], scale: float) -> list[FaceDetection]:
        view = View(scale, 0, 0, rgb.shape[1], rgb.shape[0])
        return self._detect_in_picture(scaled(rgb, scale), view)

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

    def _scale(self, rgb: NDArray[np.uint8]) -> float:
        """Return the working scale: the factor from the photo's pixels to the network's."""
        short, side = sorted(rgb.shape[:2])
        enlarged = min(SMALL_SIDE / side, UPSCALE_LIMIT)
        working_side = self._working_side * math.sqrt(max(side / short / LONGEST, 1.0))
        return float(min(min(working_side, MAX_WORKING_SIDE) / side, max(enlarged, 1.0)))

    def _run(self, blob: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return the outputs, each (C, H/4, W/4): heatmap 1, scale 2, offset 2, landmarks 10."""
        outputs = self._session.run(list(centerface.OUTPUTS), {centerface.INPUT: blob})
        return [np.asarray(output[0]) for output in outputs]


def check_photo(rgb: NDArray[np.uint8]) -> None:
    """Raise ValueError unless `rgb` is (H, W, 3) uint8 with at least one pixel."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise ValueError(f"a photo must be (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")


def _others(
    faces: list[FaceDetection], known: list[FaceDetection], *, largest: float
) -> list[FaceDetection]:
    """Return the faces up to a size in pixels of the photo that overlap no known one."""
    return [
        face
        for face in faces
        if face.size <= largest and not any(overlaps.one_face(face, other) for other in known)
    ]


def _large_faces(
    faces: list[FaceDetection], rgb: NDArray[np.uint8], least_score: float
) -> list[FaceDetection]:
    """Return the faces from a score up that are large in the photo: see `LARGE_SHARE`."""
    least_size = LARGE_SHARE * min(rgb.shape[:2])
    return [face for face in faces if face.score >= least_score and face.size >= least_size]


def _score(face: FaceDetection) -> float:
    return face.score


def _best_score(faces: list[FaceDetection]) -> float:
    return max(map(_score, faces), default=0.0)
