"""Analyse a photo without storing anything: docs/decisions/0038-detect-without-storing.md."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from detector.exceptions import DetectorError
from detector.models import Analysis, Face, User
from detector.photos import images
from detector.registry import serving
from ml.detection.process import BusyError, DiedError, Process

BUSY = DetectorError(
    "busy", "Too many photos are being analysed. Try again in a moment.", permanent=False
)
ONE_AT_A_TIME = DetectorError(
    "detection_under_way",
    "Another call of yours is being answered. Send one photo after the other.",
    permanent=False,
)
TOO_COSTLY = DetectorError("image_too_costly", "To read the photo takes too much time or memory.")
TEMPORARY = frozenset({"model_unusable"})


@dataclass(frozen=True)
class Detection:
    """Result of one photo. The faces are rows that are never saved."""

    format: str
    sha256: str
    width: int
    height: int
    model: dict[str, str]
    faces: list[Face]
    timings_ms: dict[str, float]

    @property
    def dominant_emotion(self) -> str | None:
        """Expression of the largest face; None without a face."""
        face = Analysis.dominant_of(self.faces)
        return face.emotion if face else None


class Places:
    """The calls that this web process answers at once: a few, and one for each person."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: set[UUID] = set()

    @contextmanager
    def taken_by(self, person: User) -> Iterator[None]:
        """Hold a place. Raises DetectorError where the person has one, or all are taken."""
        with self._lock:
            if person.pk in self._taken:
                raise ONE_AT_A_TIME
            if len(self._taken) >= settings.DETECT_CALLS:
                raise BUSY
            self._taken.add(person.pk)
        try:
            yield
        finally:
            with self._lock:
                self._taken.discard(person.pk)


places = Places()


@cache
def process() -> Process:
    """Return the process of this web process that runs the networks."""
    return Process(
        memory_bytes=settings.DETECT_MEMORY_BYTES, idle_seconds=settings.DETECT_IDLE_SECONDS
    )


def detect(file: "UploadedFile[Any]") -> Detection:
    """Return the faces of a photo, a file in memory. Call it with a place in `places`.

    Raises DetectorError: with the codes of uploads, `image_too_costly` where the photo takes more
    than the limits, `model_unusable`, or `busy`.
    """
    images.check_size(file.size or 0)
    photo: bytes = file.read()
    request = {
        "limits": asdict(images.limits()),
        "version": serving.manifest_of_serving().version,
        "models_folder": str(settings.MODELS_FOLDER),
    }
    try:
        answer = process().ask(
            photo,
            request,
            patience=settings.DETECT_SECONDS,
            seconds=settings.DETECT_SECONDS,
        )
    except BusyError as error:
        raise BUSY from error
    except DiedError as error:
        raise TOO_COSTLY from error
    if "error" in answer:
        problem = answer["error"]
        raise DetectorError(**problem, permanent=problem["code"] not in TEMPORARY)
    faces = [_face(face) for face in answer.pop("faces")]
    return Detection(sha256=hashlib.sha256(photo).hexdigest(), faces=faces, **answer)


def _face(found: dict[str, Any]) -> Face:
    """Return an unsaved row, so that the answer has the shape of an analysis."""
    values = {name: found[name] for name in found if name not in ("box", "probabilities")}
    return Face(
        **values,
        **found["box"],
        **{
            column: found["probabilities"][emotion.value]
            for emotion, column in Face.PROBABILITY_FIELDS.items()
        },
    )
