"""Calls that are sent more than once, and images as the whole body."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from detector.api import idempotency
from detector.api.idempotency import Outcome
from detector.exceptions import DetectorError
from detector.models import Analysis, IdempotentCall, Photo, User
from detector.photos import images
from detector.tests.conftest import api_client

pytestmark = pytest.mark.django_db
MakePicture = Callable[..., SimpleUploadedFile]
URL = "/api/v1/analyses/"
AT_ONCE = 20


def send(api: APIClient, content: bytes, key: str, name: str = "a.jpg") -> Any:
    file = SimpleUploadedFile(name, content)
    headers = {"Idempotency-Key": key}
    return api.post(URL, {"images": [file]}, format="multipart", headers=headers)


@pytest.fixture
def content(picture: MakePicture) -> bytes:
    return picture().open().read()


@pytest.mark.django_db(transaction=True)
def test_twenty_equal_calls_at_once_are_one(owner: User, content: bytes) -> None:
    clients = [api_client(owner) for _ in range(AT_ONCE)]

    def call(client: APIClient) -> tuple[int, bytes, str]:
        try:
            response = send(client, content, "kiosk-1")
            return response.status_code, response.content, response["Location"]
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = set(pool.map(call, clients))
    [(status, _, location)] = answers
    assert status == 202
    assert location == f"http://testserver{URL}{Analysis.objects.get().pk}/"
    assert Photo.objects.count() == Analysis.objects.count() == 1


def test_same_call_is_answered_with_what_is_known_by_then(
    api: APIClient, content: bytes, work_off: Callable[[], list[Analysis]],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        first = send(api, content, "k")
    again = send(api, content, "k")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    work_off()
    later = send(api, content, "k")
    assert (later.status_code, later["Location"]) == (200, first["Location"])
    assert later.json()["accepted"][0]["dominant_emotion"] == "happy"
    assert Photo.objects.count() == 1


def test_refusal_is_answered_alike(api: APIClient) -> None:
    first, again = send(api, b"text", "k"), send(api, b"text", "k")
    assert (first.status_code, first.json()["error"]["code"]) == (400, "unsupported_format")
    errors = [answer.json()["error"] for answer in (first, again)]
    # Each call has an id of its own.
    assert errors[0].pop("request_id") != errors[1].pop("request_id")
    assert (again.status_code, errors[1]) == (400, errors[0])


@pytest.mark.parametrize("change", ["content", "name"])
def test_key_stands_for_one_request(
    api: APIClient, picture: MakePicture, content: bytes, change: str
) -> None:
    send(api, content, "k")
    other = picture().open().read() if change == "content" else content
    response = send(api, other, "k", "b.jpg" if change == "name" else "a.jpg")
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "idempotency_key_reused"
    assert Photo.objects.count() == 1


def test_keys_are_the_callers_own(api: APIClient, stranger_api: APIClient, content: bytes) -> None:
    first, other = send(api, content, "k"), send(stranger_api, content, "k")
    assert first.json()["accepted"][0]["id"] != other.json()["accepted"][0]["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "\xe4"])
def test_keys_that_make_no_sense(api: APIClient, content: bytes, key: str) -> None:
    response = send(api, content, key)
    assert response.status_code == 400
    assert "Idempotency-Key" in response.json()["error"]["details"]["fields"]


def test_answer_is_forgotten_after_a_day(owner: User, content: bytes) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=25)):
        send(api_client(owner), content, "k")
    assert "Idempotency-Replayed" not in send(api_client(owner), content, "k")
    IdempotentCall.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.delete_old() == 1


DONE = Outcome([UUID(int=1)])


def never() -> Outcome:
    raise AssertionError("done already")


def once(owner: User, make: Callable[[], Outcome], patience: float = 0) -> Outcome:
    return idempotency.once(owner, key="k", request_sha256="0", make=make, patience=patience)


def test_call_that_failed_on_our_side_can_be_sent_again(owner: User) -> None:
    def fail() -> Outcome:
        raise images.BUSY

    with pytest.raises(DetectorError, match="Too many"):
        once(owner, fail)
    assert once(owner, Outcome) == Outcome()


def test_call_under_way_is_not_done_again(owner: User) -> None:
    def send_again() -> Outcome:
        with pytest.raises(DetectorError, match="not done yet"):
            once(owner, never)
        return DONE

    assert once(owner, send_again) == DONE
    assert once(owner, never) == replace(DONE, is_replay=True)


def test_what_was_refused_for_the_moment_is_tried_anew(owner: User) -> None:
    assert once(owner, lambda: replace(DONE, may_change=True)).accepted == DONE.accepted
    assert once(owner, Outcome) == Outcome()


def test_call_whose_server_died_is_taken_over(owner: User) -> None:
    long_ago = timezone.now() - timedelta(minutes=3)
    IdempotentCall.objects.create(
        owner=owner, key="k", request_sha256="0", created_at=long_ago, claimed_at=long_ago
    )
    assert once(owner, Outcome) == Outcome()


def test_busy_is_told_with_a_time_to_come_back(
    api: APIClient, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "PATIENCE_SECONDS", 0)
    for _ in range(2):
        images.DECODING.acquire()
    try:
        response = send(api, content, "k")
    finally:
        for _ in range(2):
            images.DECODING.release()
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert send(api, content, "k").status_code == 202


@pytest.mark.parametrize("kind", ["image/jpeg", "image/x-anything"])
def test_image_as_the_whole_body(api: APIClient, content: bytes, kind: str) -> None:
    response = api.post(
        URL, content, content_type=kind,
        headers={"Content-Disposition": 'attachment; filename="me at the lake.jpg"'},
    )  # fmt: skip
    assert response.status_code == 202
    [accepted] = response.json()["accepted"]
    assert accepted["filename"] == "me at the lake.jpg"
    assert response["Location"] == f"http://testserver{URL}{accepted['id']}/"
    assert response["Retry-After"] == "1"


def test_whole_body_without_name_or_sense(api: APIClient, content: bytes) -> None:
    plain = api.post(URL, content, content_type="image/jpeg")
    assert plain.json()["accepted"][0]["filename"] == "photo"
    wrong = api.post(URL, b"text", content_type="image/jpeg")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "unsupported_format")
    empty = api.post(URL, b"", content_type="image/jpeg")
    assert empty.status_code == 400


def test_whole_body_has_the_limit_of_a_file(api: APIClient, content: bytes, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = len(content) - 1
    response = api.post(URL, content, content_type="image/jpeg")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "file_too_large")


def test_several_images_have_no_one_location(api: APIClient, picture: MakePicture) -> None:
    response = api.post(URL, {"images": [picture(), picture()]}, format="multipart")
    assert "Location" not in response
