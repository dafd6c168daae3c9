"""The public interface of the package: finds the faces of a photo and their expressions.

    analyser = inference.load()
    faces = analyser.analyse(images.decode(file).rgb)

Nothing here imports TensorFlow or connects to a network. Load after a fork, not before: the threads
of the runtimes do not survive one.
"""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml import calibration, explanation, face_check, manifest, preprocessing, quality
from ml.classifier import Classifier
from ml.face_detection import CenterFace, FaceDetector
from ml.labels import EMOTIONS
from ml.types import FaceAnalysis, FaceDetection, Quality

DEFAULT_VERSION: Final = manifest.DEFAULT_VERSION

OnStage = Callable[[str, float], None]
"""Called with the stage (detect, align, classify) and the milliseconds it took."""


class Analyser:
    """Face detector and expression network of one version of the weights. Threads may share it."""

    def __init__(
        self,
        weights: manifest.Manifest,
        detector: FaceDetector,
        classifier: Classifier,
        check: face_check.FaceCheck,
    ) -> None:
        self._weights, self._detector, self._classifier = weights, detector, classifier
        self._check = check

    @property
    def version(self) -> str:
        """Name of the weights."""
        return self._weights.version

    @property
    def sha256(self) -> str:
        """SHA-256 of the serving export, in hexadecimal."""
        return self._weights.sha256

    @property
    def detector(self) -> FaceDetector:
        """The face detector; all versions share it."""
        return self._detector

    @property
    def check(self) -> face_check.FaceCheck:
        """The network of `ml.face_check`; all versions share it."""
        return self._check

    @property
    def manifest(self) -> dict[str, Any]:
        """The whole manifest as in its file."""
        return self._weights.document

    def analyse(
        self, rgb: NDArray[np.uint8], on_stage: OnStage | None = None
    ) -> list[FaceAnalysis]:
        """Return all faces of an upright photo, from left to right; an empty list for no face.

        rgb: (H, W, 3) uint8, colour order RGB. Raises ValueError for anything else. `on_stage` is
        called at the end of each stage; without a face only for `detect`.
        """
        stages = _Stages(on_stage)
        detections = self._detector.detect(rgb)
        stages.end("detect")
        if not detections:
            return []
        crops = np.stack([preprocessing.crop(rgb, face) for face in detections])
        qualities = [
            quality.measure(*face)
            for face in zip(crops, detections, self._check.doubts(crops), strict=True)
        ]
        stages.end("align")
        probabilities = self.classify(crops)
        stages.end("classify")
        return [
            self._result(index, detection, measured, row)
            for index, (detection, measured, row) in enumerate(
                zip(detections, qualities, probabilities, strict=True)
            )
        ]

    def classify(self, crops: NDArray[np.uint8], head: str = "consensus") -> NDArray[np.float32]:
        """Return calibrated probabilities (N, 7) float32 of crops (N, 48, 48) uint8.

        Rows sum to 1; columns are in the order of `ml.labels.EMOTIONS`; N may be 0. Raises
        ValueError for other shapes or types, or an unknown head.
        """
        if head not in self._weights.calibration:
            raise ValueError(f"head must be one of {list(self._weights.calibration)}, not {head!r}")
        logits = self._classifier.logits(crops)[head]
        return calibration.probabilities(logits, self._weights.calibration[head])

    def classify_detected(
        self, rgb: NDArray[np.uint8], detections: Sequence[FaceDetection]
    ) -> NDArray[np.float32]:
        """Classify faces that were found earlier in an upright photo (H, W, 3): (N, 7)."""
        crops = [preprocessing.crop(rgb, face) for face in detections]
        return self.classify(np.stack(crops) if crops else np.zeros((0, 48, 48), np.uint8))

    def explain(self, crop: NDArray[np.uint8], emotion: str) -> NDArray[np.float32]:
        """Return the occlusion map of a crop (48, 48) uint8: `ml.explanation.occlusion_map`."""
        return explanation.occlusion_map(self._classify_comparably, crop, EMOTIONS.index(emotion))

    def _classify_comparably(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Classify all crops with the same number of views, so that they can be compared."""
        mirror_below = float(self._weights.mirror_below > 0)
        logits = self._classifier.logits(crops, mirror_below)["consensus"]
        return calibration.probabilities(logits, self._weights.calibration["consensus"])

    def heat_map(
        self, rgb: NDArray[np.uint8], detection: FaceDetection, emotion: str
    ) -> NDArray[np.uint8]:
        """Draw the occlusion map of a face: `ml.explanation.picture`.

        rgb: the upright photo, (H, W, 3) uint8.
        """
        crop = preprocessing.crop(rgb, detection)
        return explanation.picture(crop, self.explain(crop, emotion))

    def _result(
        self, index: int, detection: FaceDetection, measured: Quality, row: NDArray[np.float32]
    ) -> FaceAnalysis:
        best = int(row.argmax())
        confidence = float(row[best])
        return FaceAnalysis(
            index=index,
            box=detection.box,
            landmarks=detection.landmarks,
            detection_score=detection.score,
            quality=measured,
            probabilities={name: float(p) for name, p in zip(EMOTIONS, row, strict=True)},
            emotion=EMOTIONS[best],
            confidence=confidence,
            uncertain=confidence < self._weights.uncertain_threshold
            or not quality.UNREADABLE.isdisjoint(measured.flags),
        )


class _Stages:
    """Measures the time of consecutive stages."""

    def __init__(self, listener: OnStage | None) -> None:
        self._listener, self._began = listener, time.perf_counter()

    def end(self, stage: str) -> None:
        now = time.perf_counter()
        if self._listener is not None:
            self._listener(stage, (now - self._began) * 1000)
        self._began = now


_lock: Final = threading.Lock()
_analysers: Final[dict[tuple[str, Path | None], Analyser]] = {}


def classifier_of(weights: manifest.Manifest) -> Classifier:
    """Load the network of a version with the mirroring and softening of its manifest."""
    return Classifier(
        weights.serving_path, mirror_below=weights.mirror_below, soften=weights.softening
    )


def load(version: str | None = None, folder: Path | None = None) -> Analyser:
    """Return the analyser of a version of the weights, by default `DEFAULT_VERSION`.

    Versions that did not ship are looked up in `folder`: see `ml.manifest.find`. The first call
    reads the files and verifies their checksums; later calls return the same object. Raises
    `ml.manifest.ManifestError` or `ml.centerface_graph.FaceDetectorError`.
    """
    key = (version or DEFAULT_VERSION, folder)
    with _lock:
        if key not in _analysers:
            weights = manifest.find(*key)
            manifest.verify_files(weights)
            known = next(iter(_analysers.values()), None)
            detector = known.detector if known else CenterFace()
            check = known.check if known else face_check.load()
            _analysers[key] = Analyser(weights, detector, classifier_of(weights), check)
        return _analysers[key]


def warm_up(version: str | None = None, folder: Path | None = None) -> None:
    """Load and run everything once, so that the first photo does not wait for it."""
    analyser = load(version, folder)
    # A photo without a face would run all further passes, which allocates memory for good.
    analyser.detector.warm_up()
    crop = np.zeros((1, 48, 48), np.uint8)
    analyser.check.doubts(crop)
    analyser.classify(crop)


def unload() -> None:
    """Drop every analyser. Memory is freed once nobody uses them."""
    with _lock:
        _analysers.clear()
