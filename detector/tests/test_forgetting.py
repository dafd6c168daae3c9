"""Deleted photos leave no copy: neither repeated calls nor webhooks reveal them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from detector.common import outbound
from detector.models import Analysis, IdempotentCall, Photo, User, WebhookDelivery
from detector.photos import erasure, trash
from detector.reviews import verdicts
from detector.tests.factories import WebhookDeliveryFactory, WebhookEndpointFactory
from detector.webhooks import deliveries, endpoints, notify

pytestmark = pytest.mark.django_db
URL = "/api/v1/analyses/"
NAME = "us-at-the-lake.jpg"


class Caller:
    """A client that repeats its calls until it has a response."""

    def __init__(self, api: APIClient, *files: bytes) -> None:
        self.api, self.files = api, files

    def __call__(self, key: str = "k") -> Any:
        images = [SimpleUploadedFile(NAME, content) for content in self.files]
        headers = {"Idempotency-Key": key}
        return self.api.post(URL, {"images": images}, format="multipart", headers=headers)


@pytest.fixture
def call(
    api: APIClient, picture: Callable[..., SimpleUploadedFile], work_off: Callable[[], Any],
    django_capture_on_commit_callbacks: Any,
) -> Caller:  # fmt: skip
    """Return a finished call whose photo has been analysed."""
    caller = Caller(api, picture().open().read())
    with django_capture_on_commit_callbacks(execute=True):
        assert caller().status_code == 202
    work_off()
    return caller


def delete_by_program(owner: User, api: APIClient, photo: Photo) -> None:
    assert api.delete(f"{URL}{photo.analyses.get().pk}/").status_code == 204


def put_into_bin(owner: User, api: APIClient, photo: Photo) -> None:
    trash.discard(owner, [photo.pk])


def empty_bin(owner: User, api: APIClient, photo: Photo) -> None:
    trash.discard(owner, [photo.pk])
    trash.empty_of(owner)


def outlive(owner: User, api: APIClient, photo: Photo) -> None:
    erasure.delete_photo(photo)


WAYS = [delete_by_program, put_into_bin, empty_bin, outlive]


@pytest.mark.parametrize("delete", WAYS)
def test_the_same_call_is_told_that_it_is_gone(
    owner: User, api: APIClient, call: Caller, delete: Callable[..., None]
) -> None:
    assert "happy" in call().content.decode()
    delete(owner, api, Photo.objects.get())
    again = call()
    assert (again.status_code, again.json()["error"]["code"]) == (410, "gone")
    assert NAME not in again.content.decode()
    assert "happy" not in again.content.decode()
    # Another key is another call.
    assert call("another").status_code in (200, 202)


def test_what_is_brought_back_is_answered_again(owner: User, call: Caller) -> None:
    photo = Photo.objects.get()
    trash.discard(owner, [photo.pk])
    assert call().status_code == 410
    trash.restore(owner, [photo.pk])
    again = call()
    assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")


def test_of_several_photos_those_that_are_left_are_told(
    api: APIClient, picture: Callable[..., SimpleUploadedFile]
) -> None:
    caller = Caller(api, picture().open().read(), picture().open().read(), b"text")
    first = caller().json()
    gone, left = (item["id"] for item in first["accepted"])
    api.delete(f"{URL}{gone}/")
    again = caller().json()
    assert [item["id"] for item in again["accepted"]] == [left]
    assert [item["error"]["code"] for item in again["rejected"]] == ["unsupported_format", "gone"]
    assert again["rejected"][1] == {
        "filename": "",
        "error": {
            "code": "gone",
            "message": again["rejected"][1]["error"]["message"],
            "details": {"id": gone},
        },
    }


@pytest.fixture
def told(owner: User, analysed: Analysis) -> WebhookDelivery:
    """Return a delivery about a photo, whose response repeats the payload."""
    endpoint = WebhookEndpointFactory.create(owner=owner)
    endpoints.record(analysed.pk)
    verdicts.correct(owner, analysed.faces.get(), "sad")
    echo = WebhookDelivery.objects.get(subject=analysed.pk).payload
    WebhookDelivery.objects.update(response_body=echo)
    return WebhookDelivery.objects.filter(endpoint=endpoint).latest("id")


@pytest.mark.parametrize("delete", WAYS)
def test_no_delivery_tells_of_what_was_deleted(
    owner: User, api: APIClient, web: Client, told: WebhookDelivery, analysed: Analysis,
    delete: Callable[..., None],
) -> None:  # fmt: skip
    url = f"/api/v1/webhooks/{told.endpoint_id}/deliveries/"
    page = f"/settings/webhooks/{told.endpoint_id}/"
    assert len(api.get(url).json()["results"]) == 2
    delete(owner, api, analysed.photo)
    assert api.get(url).json()["results"] == []
    assert api.get(f"{url}{told.pk}/").status_code == 404
    assert api.post(f"{url}{told.pk}/resend/").status_code == 404
    assert "analysis.done" not in web.get(page).content.decode().partition("Deliver")[2]
    if delete is not put_into_bin:
        assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("delete", WAYS)
def test_what_still_waits_is_not_sent(
    owner: User, api: APIClient, told: WebhookDelivery, analysed: Analysis,
    delete: Callable[..., None], deliver_sent: list[UUID], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sent: list[bytes] = []

    def post(url: str, body: bytes, headers: Any) -> outbound.Reply:
        sent.append(body)
        return outbound.Reply(200, "")

    monkeypatch.setattr(outbound, "post", post)
    delete(owner, api, analysed.photo)
    notify.sweep()
    assert deliver_sent == []
    assert endpoints.waiting_of(told.subject) == []
    deliveries.deliver(told.pk)
    assert sent == []
    if delete is put_into_bin:
        trash.restore(owner, [analysed.photo_id])
        deliveries.deliver(told.pk)
        assert len(sent) == 1


def test_nothing_of_an_erased_photo_is_left_in_any_table(
    owner: User, api: APIClient, call: Caller
) -> None:
    """No row of any model refers to the photo, its analysis or its file."""
    WebhookEndpointFactory.create(owner=owner)
    analysis = Analysis.objects.get()
    endpoints.record(analysis.pk)
    call()
    photo = analysis.photo
    traces = [NAME, photo.sha256, str(photo.pk), photo.pk.hex]
    api.delete(f"{URL}{analysis.pk}/")
    left = [table for table in _tables() if any(trace in _text(table) for trace in traces)]
    assert left == []


def test_nothing_of_an_erased_account_is_left(owner: User, call: Caller) -> None:
    WebhookDeliveryFactory.create(endpoint__owner=owner)
    erasure.delete_account(owner)
    assert not IdempotentCall.objects.exists()
    assert not WebhookDelivery.objects.exists()


def _tables() -> list[str]:
    return [model._meta.db_table for model in apps.get_models(include_auto_created=True)]


def _text(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  a name of ours
        return repr([[str(value) for value in row] for row in cursor.fetchall()])
