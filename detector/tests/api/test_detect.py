"""`POST detect/` answers like an analysis and leaves nothing behind."""

import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from detector.analyses import detection
from detector.models import Analysis, AuditEntry, User
from detector.tests.outages import files
from detector.tests.stub_analyser import face
from ml.detection.process import BusyError, DiedError

pytestmark = pytest.mark.django_db
URL = "/api/v1/detect/"
MakePicture = Callable[..., SimpleUploadedFile]


class StubProcess:
    """Answers as `ml.detection.child` does, with the face of the stub network."""

    def __init__(self) -> None:
        self.photos: list[bytes] = []
        self.request: Mapping[str, Any] = {}
        self.answer: Callable[[], dict[str, Any]] = lambda: {
            "format": "JPEG", "width": 64, "height": 48,
            "model": {"name": "stub", "sha256": "0" * 64},
            "faces": [face().as_dict()], "timings_ms": {"detect": 1.0},
        }  # fmt: skip

    def ask(self, photo: bytes, request: Mapping[str, Any], **_: float) -> dict[str, Any]:
        self.photos.append(photo)
        self.request = request
        return self.answer()


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> StubProcess:
    stub = StubProcess()
    monkeypatch.setattr(detection, "process", lambda: stub)
    return stub


def post(api: APIClient, *images: SimpleUploadedFile, **headers: str) -> Any:
    return api.post(URL, {"images": images}, format="multipart", headers=headers)


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table; of tokens without the time at which they were used."""
    return {
        model.__name__: [
            {name: row[name] for name in row if name != "last_used_at"}
            for row in model._base_manager.order_by("pk").values()
        ]
        for model in apps.get_models(include_auto_created=True)
    }


def all_files() -> set[str]:
    found = [path for path in settings.VAR_DIR.rglob("*") if path.is_file()]
    return {str(path) for path in found if "cache" not in path.parts} | set(files())


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("a file was made")


def test_it_answers_like_an_analysis_and_stores_nothing(
    api: APIClient, process: StubProcess, analysed: Analysis, picture: MakePicture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    known = api.get(f"/api/v1/analyses/{analysed.pk}/").json()
    before, stored = all_rows(), all_files()
    for kind in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, kind, refuse)
    # Noise as a BMP: larger than what other calls keep in memory.
    large = picture("large.bmp", size=(1200, 900), format="BMP")
    content = large.read()
    large.seek(0)
    assert len(content) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    answer = post(api, large, **{"Idempotency-Key": "k"})
    body = api.generic("POST", URL, content, "image/bmp")
    assert (answer.status_code, body.status_code) == (200, 200)
    assert process.photos == [content, content]
    assert process.request["limits"] == {
        "max_bytes": settings.UPLOAD_MAX_BYTES, "max_pixels": settings.UPLOAD_MAX_PIXELS,
    }  # fmt: skip
    found = answer.json()
    assert found["faces"] == known["faces"]
    assert {name: found[name] for name in ("model", "dominant_emotion", "face_count")} == {
        name: known[name] for name in ("model", "dominant_emotion", "face_count")
    }
    assert (found["stored"], answer["Cache-Control"]) == (False, "no-store")
    assert (all_rows(), all_files()) == (before, stored)
    assert not AuditEntry.objects.filter(action__contains="detect").exists()


def test_what_cannot_be_analysed_is_refused_with_the_codes_of_uploads(
    api: APIClient, process: StubProcess, picture: MakePicture, settings: Settings
) -> None:
    def code(*images: SimpleUploadedFile) -> tuple[int, str]:
        answer = post(api, *images)
        return answer.status_code, answer.json()["error"]["code"]

    assert code(SimpleUploadedFile("none.jpg", b"")) == (400, "empty_file")
    assert code(picture(), picture()) == (400, "too_many_files")
    process.answer = lambda: {
        "error": {"code": "corrupt_image", "message": "Damaged.", "details": {}}
    }
    assert code(picture()) == (400, "corrupt_image")
    process.answer = lambda: {
        "error": {"code": "model_unusable", "message": "Not here.", "details": {}}
    }
    assert code(picture()) == (503, "model_unusable")
    settings.UPLOAD_MAX_BYTES = 100
    sent = len(process.photos)
    assert code(picture()) == (400, "file_too_large")
    assert len(process.photos) == sent


def test_a_photo_that_kills_the_process_and_a_busy_process_are_told_apart(
    api: APIClient, process: StubProcess, picture: MakePicture
) -> None:
    def fail(error: Exception) -> Callable[[], Any]:
        def answer() -> Any:
            raise error

        return answer

    process.answer = fail(DiedError())
    answer = post(api, picture())
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "image_too_costly")
    process.answer = fail(BusyError())
    answer = post(api, picture())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
    assert answer["Retry-After"] == "1"


def test_one_person_has_one_place_and_others_the_rest(
    api: APIClient, process: StubProcess, owner: User, stranger_api: APIClient,
    picture: MakePicture, settings: Settings,
) -> None:  # fmt: skip
    settings.DETECT_CALLS = 2
    with detection.places.taken_by(owner):
        again = post(api, picture())
        assert (again.status_code, again.json()["error"]["code"]) == (429, "detection_under_way")
        assert again["Retry-After"] == "1"
        assert post(stranger_api, picture()).status_code == 200
        settings.DETECT_CALLS = 1
        full = post(stranger_api, picture())
        assert (full.status_code, full.json()["error"]["code"]) == (503, "busy")
    # Every place was given back, also by a call that failed.
    process.answer = dict
    with pytest.raises(KeyError):
        post(api, picture())
    assert detection.places._taken == set()
