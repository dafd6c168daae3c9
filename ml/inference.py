"""The public face of the package: a photo in, its faces and their expressions out.

    analyser = inference.load()
    faces = analyser.analyse(images.decode(file).rgb)

Nothing here imports TensorFlow or opens the network. Load after a fork, not before: the
runtimes' threads do not survive one.
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
    """Detector and classifier of one version of the weights; safe to share between threads."""

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
        """What finds the faces; the same for all versions."""
        return self._detector

    @property
    def check(self) -> face_check.FaceCheck:
        """What sees covers and what is no face; the same for all versions."""
        return self._check

    @property
    def manifest(self) -> dict[str, Any]:
        """The whole manifest as it stands in its file."""
        return self._weights.document

    def analyse(
        self, rgb: NDArray[np.uint8], on_stage: OnStage | None = None
    ) -> list[FaceAnalysis]:
        """All faces of an upright photo, from left to right; an empty list where there is none.

        rgb (H, W, 3) uint8, colour order RGB. Raises ValueError for anything else. Each stage
        is reported to `on_stage` when it ends; without a face only `detect` is.
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
        """Calibrated probabilities (N, 7) float32 of crops (N, 48, 48) uint8; rows sum to 1.

        Columns in the order of `ml.labels.EMOTIONS`. N may be 0. Raises ValueError for other
        shapes or types, or an unknown head.
        """
        if head not in self._weights.calibration:
            raise ValueError(f"head must be one of {list(self._weights.calibration)}, not {head!r}")
        logits = self._classifier.logits(crops)[head]
        return calibration.probabilities(logits, self._weights.calibration[head])

    def classify_detected(
        self, rgb: NDArray[np.uint8], detections: Sequence[FaceDetection]
    ) -> NDArray[np.float32]:
        """Calibrated probabilities (N, 7) of faces found earlier in an upright photo (H, W, 3)."""
        crops = [preprocessing.crop(rgb, face) for face in detections]
        return self.classify(np.stack(crops) if crops else np.zeros((0, 48, 48), np.uint8))

    def explain(self, crop: NDArray[np.uint8], emotion: str) -> NDArray[np.float32]:
        """Where in a crop (48, 48) uint8 its emotion shows: `ml.explanation.occlusion_map`."""
        return explanation.occlusion_map(self._alike, crop, EMOTIONS.index(emotion))

    def _alike(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `classify`, but all from the same number of views, so that they can be compared."""
        mirror_below = float(self._weights.mirror_below > 0)
        logits = self._classifier.logits(crops, mirror_below)["consensus"]
        return calibration.probabilities(logits, self._weights.calibration["consensus"])

    def heat_map(
        self, rgb: NDArray[np.uint8], detection: FaceDetection, emotion: str
    ) -> NDArray[np.uint8]:
        """A face as the network saw it, and where its emotion shows: `ml.explanation.picture`.

        rgb (H, W, 3) uint8 is the upright photo.
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
    """Measures consecutive stages."""

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
    """The network of a version, looking at crops in the way that was chosen for it."""
    return Classifier(
        weights.serving_path, mirror_below=weights.mirror_below, soften=weights.softening
    )


def load(version: str | None = None, folder: Path | None = None) -> Analyser:
    """The analyser of a version of the weights, `DEFAULT_VERSION` unless told.

    Versions that did not ship are looked for in `folder`; see `ml.manifest.find`. The first call
    reads the files and compares them with their checksums; later ones give the same object. Raises
    `ml.manifest.ManifestError` or `ml.face_detection.FaceDetectorError`.
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
    """Load and run everything once, so that the first photo does not pay for it."""
    analyser = load(version, folder)
    # Not a photo without a face: it is looked at again and again, which takes memory for good.
    analyser.detector.warm_up()
    crop = np.zeros((1, 48, 48), np.uint8)
    analyser.check.doubts(crop)
    analyser.classify(crop)


def unload() -> None:
    """Forget every analyser; their memory is freed once nobody uses them."""
    with _lock:
        _analysers.clear()
