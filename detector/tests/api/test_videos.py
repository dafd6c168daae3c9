"""Videos in the API."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from detector.api.codes import OF_ONE_VIDEO, PROBLEMS
from detector.enums import Scope, Status
from detector.models import User, Video
from detector.tests.conftest import api_client
from detector.tests.factories import VideoFactory, with_timeline
from detector.tests.videos.conftest import _read_here, watching  # noqa: F401
from detector.tests.videos.films import film, work_off
from detector.videos import trash
from ml.tests.videos import making

pytestmark = pytest.mark.django_db
URL = "/api/v1/videos/"


def send(client: APIClient, file: Any = None, **headers: str) -> Any:
    return client.post(URL, {"video": file or film(1)}, format="multipart", headers=headers)


@pytest.fixture
def done(owner: User) -> Video:
    return with_timeline(VideoFactory.create(owner=owner))


def test_a_video_is_accepted_and_analysed(api: APIClient) -> None:
    answer = send(api)
    assert answer.status_code == 202
    told = answer.json()
    assert answer["Location"].endswith(f"{URL}{told['id']}/")
    assert (told["status"], told["progress"]) == (
        "queued", {"percent": 0, "seconds_left": None},
    )  # fmt: skip
    work_off(Video.objects.get())
    told = api.get(answer["Location"]).json()
    assert (told["status"], told["progress"]["percent"]) == ("done", 100)
    assert [(track["emotion"], track["seconds"]) for track in told["tracks"]] == [("happy", 1.0)]
    assert len(told["stills"]) == 1
    line = api.get(f"{answer['Location']}timeline/").json()
    assert line["tracks"][0]["frames"]["emotions"] == ["happy"] * 5
    picture = api.get(told["tracks"][0]["stills"][0]["url"])
    assert picture["Content-Type"] == "image/jpeg"
    picture.close()


@pytest.mark.parametrize("name", making.BAD)
def test_a_bad_video_has_its_own_code(name: str, api: APIClient) -> None:
    make, code = making.BAD[name]
    answer = send(api, SimpleUploadedFile("bad.mp4", make()))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert not Video.objects.exists()


def test_every_code_of_a_video_is_in_the_table() -> None:
    assert {code for _, code in making.BAD.values()} <= set(OF_ONE_VIDEO) <= set(PROBLEMS)


def test_one_field_is_the_video(api: APIClient) -> None:
    for body in ({}, {"video": film(1), "more": "x"}, {"video": [film(1), film(2)]}):
        assert api.post(URL, body, format="multipart").json()["error"]["code"] == "invalid"
    assert not Video.objects.exists()


def test_a_call_that_is_sent_again_is_done_once(api: APIClient) -> None:
    key = {"Idempotency-Key": "k"}
    first, again = send(api, **key), send(api, **key)
    assert first.json()["id"] == again.json()["id"]
    assert again["Idempotency-Replayed"] == "true"
    assert send(api, film(2), **key).json()["error"]["code"] == "idempotency_key_reused"
    Video.objects.all().delete()
    assert send(api, **key).status_code == 410


def test_who_may_only_write_is_told_no_more_than_the_id(owner: User, done: Video) -> None:
    client = api_client(owner, [Scope.WRITE])
    told = send(client).json()
    assert told["withheld"] is True
    assert (told["filename"], told["sha256"], told["tracks"]) == ("", "", [])


def test_the_list_is_that_of_the_owner(
    api: APIClient, stranger_api: APIClient, owner: User, done: Video
) -> None:
    hidden = VideoFactory.create(owner=owner)
    trash.discard(owner, [hidden.pk])
    assert [item["id"] for item in api.get(URL).json()["results"]] == [str(done.pk)]
    assert stranger_api.get(URL).json()["results"] == []
    assert api.get(f"{URL}{hidden.pk}/").status_code == 404


def test_the_list_has_pages(api: APIClient, owner: User) -> None:
    for _ in range(3):
        VideoFactory.create(owner=owner)
    page = api.get(URL, {"page_size": 2}).json()
    rest = api.get(page["next"]).json()
    assert (len(page["results"]), len(rest["results"]), rest["next"]) == (2, 1, None)


def test_the_list_costs_the_same_whatever_its_length(
    api: APIClient, owner: User, django_assert_max_num_queries: Any
) -> None:
    def cost() -> int:
        with django_assert_max_num_queries(12) as queries:
            assert api.get(URL).status_code == 200
        counted: CaptureQueriesContext = queries
        return len(counted)

    with_timeline(VideoFactory.create(owner=owner))
    api.get(URL)
    one = cost()
    for _ in range(5):
        with_timeline(VideoFactory.create(owner=owner))
    assert cost() == one


@pytest.mark.parametrize(
    ("query", "kind", "start"),
    [
        ("", "text/csv", "time,track,x,y"),
        ("?format=csv&per=second", "text/csv", "second,track"),
        ("?format=json", "application/json", '{"video"'),
        ("?format=vtt", "text/vtt", "WEBVTT"),
        ("?format=srt", "application/x-subrip", "1\n00:00:00,000"),
    ],
)
def test_the_timeline_is_exported(
    query: str, kind: str, start: str, api: APIClient, done: Video
) -> None:
    answer = api.get(f"{URL}{done.pk}/export/{query}")
    assert answer["Content-Type"].startswith(kind)
    assert answer.content.decode().startswith(start)
    assert "attachment" in answer["Content-Disposition"]


def test_there_is_no_timeline_before_the_end(api: APIClient, owner: User) -> None:
    video = VideoFactory.create(owner=owner, status=Status.RUNNING, finished_at=None)
    for path in ("timeline/", "export/"):
        answer = api.get(f"{URL}{video.pk}/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_finished")
    answer = api.delete(f"{URL}{video.pk}/file/")
    assert answer.json()["error"]["code"] == "not_finished"


def test_a_span_is_corrected(api: APIClient, done: Video) -> None:
    url = f"{URL}{done.pk}/tracks/0/corrections/"
    told = api.post(url, {"start": 0.0, "end": 0.5, "emotion": "sad"}).json()
    assert told["frames"]["emotions"] == ["sad"] * 3 + ["happy"] * 2
    assert told["corrections"][0]["emotion"] == "sad"
    told = api.post(url, {"start": 0.0, "end": 1.0, "emotion": None}).json()
    assert told["frames"]["emotions"] == ["happy"] * 5
    for body, code in (
        ({"start": 5.0, "end": 6.0, "emotion": "sad"}, "invalid_span"),
        ({"start": 0.0, "end": 1.0, "emotion": "bored"}, "invalid"),
        ({"start": -1.0, "end": 1.0, "emotion": "sad"}, "invalid"),
    ):
        assert api.post(url, body).json()["error"]["code"] == code
    missing = f"{URL}{done.pk}/tracks/7/corrections/"
    assert api.post(missing, {"start": 0, "end": 1, "emotion": "sad"}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "content", "range_"),
    [
        (None, 200, b"video as received", None),
        ("bytes=0-", 206, b"video as received", "bytes 0-16/17"),
        ("bytes=6-7", 206, b"as", "bytes 6-7/17"),
        ("bytes=-8", 206, b"received", "bytes 9-16/17"),
        ("bytes=9-99", 206, b"received", "bytes 9-16/17"),
        ("bytes=99-", 416, None, "bytes */17"),
        (f"bytes={'9' * 5000}-", 200, b"video as received", None),
        ("lines=1-2", 200, b"video as received", None),
        ("bytes=0-" + "9" * 5000, 200, b"video as received", None),
    ],
)
def test_a_part_of_the_file_is_sent(
    asked: str | None, status: int, content: bytes | None, range_: str | None,
    api: APIClient, done: Video,
) -> None:  # fmt: skip
    answer = api.get(f"{URL}{done.pk}/file/", headers={"Range": asked} if asked else {})
    assert answer.status_code == status
    if content is not None:
        body = b"".join(answer) if answer.streaming else answer.content
        assert body == content
        assert answer["Content-Type"] == "video/mp4"
        assert answer["Accept-Ranges"] == "bytes"
    assert answer.get("Content-Range") == range_
    answer.close()


def test_who_has_the_file_gets_no_copy(api: APIClient, done: Video) -> None:
    url = f"{URL}{done.pk}/file/"
    tag = api.get(url, headers={"Range": "bytes=0-1"})["ETag"]
    answer = api.get(url, headers={"If-None-Match": tag, "Range": "bytes=0-1"})
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)


def test_a_part_of_another_version_is_the_whole(api: APIClient, done: Video) -> None:
    answer = api.get(f"{URL}{done.pk}/file/", headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert answer.status_code == 200
    answer.close()


def test_the_file_can_be_deleted_alone(
    api: APIClient, done: Video, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(f"{URL}{done.pk}/file/?stills=true").status_code == 204
    told = api.get(f"{URL}{done.pk}/").json()
    assert (told["has_file"], told["stills"]) == (False, [])
    assert api.get(f"{URL}{done.pk}/file/").status_code == 404
    assert api.get(f"{URL}{done.pk}/timeline/").status_code == 200


def test_a_change_can_depend_on_the_version(api: APIClient, done: Video) -> None:
    tag = api.get(f"{URL}{done.pk}/")["ETag"]
    Video.objects.update(filename="renamed")
    answer = api.delete(f"{URL}{done.pk}/", headers={"If-Match": tag})
    assert answer.status_code == 412
    tag = api.get(f"{URL}{done.pk}/")["ETag"]
    assert api.delete(f"{URL}{done.pk}/", headers={"If-Match": tag}).status_code == 204


def test_a_failed_video_is_tried_again(api: APIClient, owner: User) -> None:
    failed = VideoFactory.create(
        owner=owner, status=Status.FAILED, error_code="timed_out", error_message="Too long."
    )
    answer = api.post(f"{URL}{failed.pk}/retry/")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert api.post(f"{URL}{failed.pk}/retry/").json()["error"]["code"] == "not_failed"
