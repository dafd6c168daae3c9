"""The analyses of the API."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from detector.analyses import pipeline
from detector.api.views import uploads
from detector.common.dispatch import TaskName
from detector.enums import Emotion, Status, Verdict
from detector.models import Analysis, Photo, User
from detector.tests.conftest import Broker
from detector.tests.factories import AnalysisFactory, FaceFactory

MakePicture = Callable[..., SimpleUploadedFile]
URL = "/api/v1/analyses/"

pytestmark = pytest.mark.django_db


def post(api: APIClient, *files: SimpleUploadedFile, query: str = "") -> Any:
    return api.post(URL + query, {"images": files}, format="multipart")


def test_upload_is_queued_and_told_apart_from_what_is_no_image(
    api: APIClient, picture: MakePicture
) -> None:
    response = post(api, picture("a.jpg"), SimpleUploadedFile("b.jpg", b"not an image"))
    assert response.status_code == 202
    [accepted] = response.json()["accepted"]
    assert accepted["status"] == "queued"
    assert accepted["source"] == "api"
    assert accepted["face_count"] is None
    [rejected] = response.json()["rejected"]
    assert rejected["filename"] == "b.jpg"
    assert rejected["error"]["code"] == "unsupported_format"


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty_file"), (b"text", "unsupported_format")]
)
def test_nothing_accepted_is_an_error_with_the_files_own_code(
    api: APIClient, content: bytes, code: str
) -> None:
    response = post(api, SimpleUploadedFile("x.jpg", content))
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["code"] == code
    assert error["details"]["rejected"][0]["filename"] == "x.jpg"
    assert not Photo.objects.exists()


def test_several_reasons_get_one_common_code(api: APIClient) -> None:
    response = post(api, SimpleUploadedFile("a", b""), SimpleUploadedFile("b", b"text"))
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "no_image_accepted"


@pytest.mark.parametrize("body", [{}, {"images": "a string"}])
def test_without_files(api: APIClient, body: dict[str, str]) -> None:
    response = api.post(URL, body, format="multipart")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid"


@pytest.mark.parametrize("wait", ["31", "-1", "soon"])
def test_wait_has_limits(api: APIClient, picture: MakePicture, wait: str) -> None:
    response = post(api, picture(), query=f"?wait={wait}")
    assert response.status_code == 400
    assert "wait" in response.json()["error"]["details"]["fields"]
    assert not Photo.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_wait_answers_200_once_all_is_finished(
    owner: User, api: APIClient, picture: MakePicture, broker: Broker
) -> None:
    broker[TaskName.ANALYSE] = lambda text: pipeline.run(UUID(text))
    response = post(api, picture(), query="?wait=5")
    assert response.status_code == 200
    [analysis] = response.json()["accepted"]
    assert (analysis["status"], analysis["face_count"]) == ("done", 1)


@pytest.mark.timeout(25)
def test_not_everyone_may_wait(
    api: APIClient, picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(uploads, "WAITING", full)
    assert post(api, picture(), query="?wait=30").status_code == 202


def test_wait_ends_when_time_is_up(api: APIClient, picture: MakePicture) -> None:
    response = post(api, picture(), query="?wait=0.2")
    assert response.status_code == 202


def test_duplicate_answers_with_what_is_known(analysed: Analysis, api: APIClient) -> None:
    with analysed.photo.image.open() as file:
        copy = SimpleUploadedFile("copy.jpg", file.read())
    assert post(api, copy).json()["accepted"][0]["id"] != str(analysed.pk)
    copy.seek(0)
    first = post(api, copy).json()["accepted"][0]["id"]
    copy.seek(0)
    assert post(api, copy).json()["accepted"][0]["id"] == first


def test_picture_is_kept_by_the_browser_but_asked_for(analysed: Analysis, api: APIClient) -> None:
    url = f"{URL}{analysed.pk}/image/"
    first = api.get(url)
    assert first.getvalue()
    assert first["Cache-Control"] == "private, no-cache"
    again = api.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_one_analysis_in_full(analysed: Analysis, api: APIClient) -> None:
    data = api.get(f"{URL}{analysed.pk}/").json()
    assert data.keys() == {
        "id", "current", "status", "created_at", "captured_at", "filename", "source", "image",
        "model", "faces", "dominant_emotion", "face_count", "error", "timings_ms", "note", "tags",
        "felt_emotion", "withheld",
    }  # fmt: skip
    assert data["image"].keys() == {*("url", "width", "height", "sha256", "frame", "forgotten_at")}
    assert data["model"] == {"name": "stub", "sha256": "0" * 64}
    assert (data["dominant_emotion"], data["error"], data["tags"]) == ("happy", None, [])
    [face] = data["faces"]
    assert face.keys() == {
        "index", "box", "landmarks", "detection_score", "quality", "emotion", "confidence",
        "uncertain", "probabilities", "reviewed_emotion",
    }  # fmt: skip
    assert face["box"] == {"x": 10.0, "y": 8.0, "width": 20.0, "height": 24.0}
    assert list(face["probabilities"]) == Emotion.values
    picture = api.get(data["image"]["url"])
    assert picture["Content-Type"] == "image/jpeg"
    assert picture.getvalue()[:3] == b"\xff\xd8\xff"


def test_failure_is_told(api: APIClient, owner: User) -> None:
    failed = AnalysisFactory.create(
        photo__owner=owner,
        status=Status.FAILED,
        model_version=None,
        error_code="timed_out",
        error_message="The analysis took too long.",
    )
    data = api.get(f"{URL}{failed.pk}/").json()
    assert data["error"] == {"code": "timed_out", "message": "The analysis took too long."}
    assert data["model"] is None
    assert api.post(f"{URL}{failed.pk}/retry/").status_code == 202
    again = api.post(f"{URL}{failed.pk}/retry/")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "not_failed")


def test_what_no_longer_counts_is_still_there(
    analysed: Analysis, api: APIClient, owner: User
) -> None:
    Analysis.objects.filter(pk=analysed.pk).update(superseded=True)
    renewal = AnalysisFactory.create(photo=analysed.photo)
    failed = AnalysisFactory.create(
        photo=analysed.photo, superseded=True, status=Status.FAILED, model_version=None,
        error_code="timed_out",
    )  # fmt: skip
    for analysis, status in ((analysed, "done"), (renewal, "done"), (failed, "failed")):
        data = api.get(f"{URL}{analysis.pk}/").json()
        assert (data["id"], data["current"]) == (str(analysis.pk), str(renewal.pk))
        assert data["status"] == status
    assert [item["id"] for item in api.get(URL).json()["results"]] == [str(renewal.pk)]
    for part in ("image", "annotated", "faces/0/crop"):
        response = api.get(f"{URL}{analysed.pk}/{part}/")
        assert (response.status_code, response.getvalue()[:3]) == (200, b"\xff\xd8\xff")
    note = api.patch(f"{URL}{analysed.pk}/", {"note": "Both times"}).json()["note"]
    assert api.get(f"{URL}{renewal.pk}/").json()["note"] == note
    assert api.post(f"{URL}{failed.pk}/retry/").json()["status"] == "queued"
    assert api.delete(f"{URL}{analysed.pk}/").status_code == 204
    assert api.get(f"{URL}{renewal.pk}/").status_code == 404


def test_delete(analysed: Analysis, api: APIClient) -> None:
    url = f"{URL}{analysed.pk}/"
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == api.delete(url).status_code == 404
    assert not Photo.objects.exists()


def test_pages_follow_each_other_while_new_photos_come_in(owner: User, api: APIClient) -> None:
    ids = [str(AnalysisFactory.create(photo__owner=owner).pk) for _ in range(5)][::-1]
    first = api.get(URL, {"page_size": 2}).json()
    AnalysisFactory.create(photo__owner=owner)
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()
    pages = [first, second, third]
    assert [item["id"] for page in pages for item in page["results"]] == ids
    assert third["next"] is None
    assert api.get(third["previous"]).json()["results"] == second["results"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"emotion": "sad"}, {"b"}),
        ({"emotion": "happy"}, {"a", "b"}),
        ({"emotion": "happy", "min_confidence": "0.8"}, {"a"}),
        ({"uncertain": "true"}, {"b"}),
        ({"emotion": "sad", "uncertain": "false"}, set()),
        ({"status": "failed"}, {"c"}),
        ({"from": "2026-05-05"}, {"b", "c"}),
        ({"to": "2026-05-04"}, {"a"}),
        ({"from": "2026-05-05", "to": "2026-05-05"}, {"b"}),
        ({"source": "api"}, {"c"}),
        ({"tag": "party"}, {"a"}),
    ],
)
def test_filters(owner: User, api: APIClient, query: dict[str, str], expected: set[str]) -> None:
    from datetime import UTC, datetime

    def photo(name: str, day: int, **changes: Any) -> Analysis:
        moment = datetime(2026, 5, day, 12, tzinfo=UTC)
        return AnalysisFactory.create(
            photo__owner=owner, photo__note=name, photo__taken_at=moment, **changes
        )

    a, b = photo("a", 4), photo("b", 5)
    photo("c", 6, photo__source="api", status=Status.FAILED, error_code="x")
    a.photo.tags.create(name="party", owner=a.photo.owner)
    FaceFactory.create(analysis=a, emotion=Emotion.HAPPY, confidence=0.9)
    FaceFactory.create(analysis=b, emotion=Emotion.HAPPY, confidence=0.6)
    FaceFactory.create(analysis=b, emotion=Emotion.SAD, confidence=0.4, uncertain=True, index=1)
    results = api.get(URL, query).json()["results"]
    assert {item["note"] for item in results} == expected


def test_a_period_that_ends_before_it_begins_is_refused(api: APIClient) -> None:
    refused = api.get(URL, {"from": "2026-05-05", "to": "2026-05-04"})
    assert refused.status_code == 400
    assert list(refused.json()["error"]["details"]["fields"]) == ["to"]


@pytest.mark.parametrize("query", [{"uncertain": "false"}, {"min_confidence": "0.5"}])
def test_no_filter_finds_what_is_no_face(
    analysed: Analysis, api: APIClient, query: dict[str, str]
) -> None:
    analysed.faces.update(uncertain=False, confidence=0.9)
    assert len(api.get(URL, query).json()["results"]) == 1
    analysed.faces.update(reviewed_emotion=Verdict.NOT_A_FACE)
    assert api.get(URL, query).json()["results"] == []


@pytest.mark.parametrize("query", [{"emotion": "joy"}, {"from": "yesterday"}, {"status": "x"}])
def test_filter_values_that_make_no_sense(api: APIClient, query: dict[str, str]) -> None:
    response = api.get(URL, query)
    assert response.status_code == 400
    assert set(response.json()["error"]["details"]["fields"]) == set(query)


def test_list_costs_the_same_for_many(
    owner: User, api: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        FaceFactory.create(analysis__photo__owner=owner)
    api.get(URL)  # The first use of a token is written down.
    with django_assert_max_num_queries(5):
        assert len(api.get(URL).json()["results"]) == 30


def test_unknown_id(api: APIClient) -> None:
    response = api.get(f"{URL}{uuid4()}/")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


def test_too_many_files_in_one_request(api: APIClient, picture: MakePicture, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    response = post(api, picture(), picture(), picture())
    assert (response.status_code, response.json()["error"]["code"]) == (400, "too_many_files")
    assert not Photo.objects.exists()
