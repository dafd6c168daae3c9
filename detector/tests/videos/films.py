"""Films for tests: tiny videos whose pictures say their number, and what a stub sees in them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from numpy.typing import NDArray

from detector.enums import Emotion
from detector.models import User, Video, VideoSegment
from detector.tests.stub_analyser import StubAnalyser, face
from detector.videos import submission, turns
from ml.tests.videos import making
from ml.types import Box, FaceAnalysis

Scene = Callable[[int], list[FaceAnalysis]]
"""Returns the faces of the picture with this number."""


def person(x: float, emotion: Emotion = Emotion.HAPPY, **changes: Any) -> FaceAnalysis:
    return face(emotion, **{"box": Box(x, 40.0, 24.0, 30.0), **changes})


def one_person(number: int) -> list[FaceAnalysis]:
    """Happy in the first second, sad from then on."""
    return [person(60.0 + number, Emotion.HAPPY if number < 10 else Emotion.SAD)]


class FilmAnalyser(StubAnalyser):
    """Tells the number of a picture by its shade, and sees what the scene has then."""

    def __init__(self, scene: Scene = one_person) -> None:
        super().__init__()
        self.scene = scene
        self.numbers: list[int] = []

    def analyse(self, rgb: NDArray[np.uint8], on_stage: Any = None) -> list[FaceAnalysis]:
        if self.error is not None:
            raise self.error
        self.before_answer()
        number = round((float(rgb.mean()) - 16) / 4)
        self.numbers.append(number)
        return self.scene(number)


def film(seconds: int = 3, name: str = "film.mp4", **options: Any) -> SimpleUploadedFile:
    """Return a video of 10 pictures a second."""
    content = making.video(making.shades(10 * seconds), **options)
    return SimpleUploadedFile(name, content, "video/mp4")


def submitted(owner: User, seconds: int = 3) -> Video:
    return submission.submit(owner, film(seconds))[0]


def work_off(video: Video) -> Video:
    """Take turns until nothing of the video waits."""
    while True:
        waiting = VideoSegment.objects.filter(video=video, status="queued").first()
        if waiting is None:
            break
        turns.take(waiting.pk)
    video.refresh_from_db()
    return video
