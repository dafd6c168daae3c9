"""A stub network, which returns the faces that a test sets."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.enums import Emotion
from ml.types import Box, FaceAnalysis, FaceDetection, Quality


def face(emotion: Emotion = Emotion.HAPPY, confidence: float = 0.9, **changes: Any) -> FaceAnalysis:
    rest = (1 - confidence) / (len(Emotion) - 1)
    values: dict[str, Any] = {
        "index": 0,
        "box": Box(10.0, 8.0, 20.0, 24.0),
        "landmarks": np.full((5, 2), 12.0, np.float32),
        "detection_score": 0.95,
        "quality": Quality(
            face_size=21.9, sharpness=0.7, brightness=120.0, contrast=50.0, roll=0.0, turn=0.0
        ),
        "probabilities": {e.value: confidence if e == emotion else rest for e in Emotion},
        "emotion": emotion.value,
        "confidence": confidence,
        "uncertain": confidence < 0.5,
    }
    return FaceAnalysis(**{**values, **changes})


class StubAnalyser:
    """Has the interface of `ml.inference.Analyser` that the platform uses."""

    def __init__(self) -> None:
        self.version = "stub"
        self.sha256 = "0" * 64
        self.manifest = {"version": "stub"}
        self.faces = [face()]
        self.error: BaseException | None = None
        self.seen: list[tuple[int, ...]] = []
        self.before_answer: Callable[[], object] = lambda: None

    def analyse(
        self, rgb: NDArray[np.uint8], on_stage: Callable[[str, float], None] | None = None
    ) -> list[FaceAnalysis]:
        self.seen.append(rgb.shape)
        if self.error is not None:
            raise self.error
        self.before_answer()
        if on_stage is not None:
            on_stage("detect", 1.0)
        return self.faces

    def heat_map(
        self, rgb: NDArray[np.uint8], detection: FaceDetection, emotion: str
    ) -> NDArray[np.uint8]:
        self.seen.append(rgb.shape)
        if self.error is not None:
            raise self.error
        self.before_answer()
        return np.full((240, 240, 3), 128, np.uint8)
