"""Throttles, quotas, and where they are told."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from detector.enums import Scope
from detector.models import Analysis, Photo, User
from detector.tests.conftest import api_client
from detector.tests.factories import ModelVersionFactory, PhotoFactory

pytestmark = pytest.mark.django_db
MakePicture = Callable[..., SimpleUploadedFile]
RATES = {"anon": "3/min", "user": "5/min", "token": "2/min", "uploads": "1/min"}
URL = "/api/v1/analyses/"


@pytest.fixture
def _tight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", RATES)


@pytest.mark.usefixtures("_tight")
def test_one_token_leaves_something_for_the_others(owner: User) -> None:
    first, second, third = (api_client(owner) for _ in range(3))
    answers = [first.get(URL) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[0]["RateLimit-Limit"] == "2"
    assert answers[0]["RateLimit-Policy"] == "2;w=60"
    assert 0 < int(answers[2]["RateLimit-Reset"]) <= 60
    assert int(answers[2]["Retry-After"]) > 0
    assert answers[2].json()["error"]["code"] == "throttled"
    assert [second.get(URL).status_code for _ in range(2)] == [200, 200]
    assert third.get(URL)["RateLimit-Limit"] in ("2", "5")
    assert third.get(URL).status_code == 429


@pytest.mark.usefixtures("_tight")
def test_uploads_have_a_limit_of_their_own(owner: User) -> None:
    answers = [api_client(owner).post(URL) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [400, 429]
    assert answers[0]["RateLimit-Limit"] == "1"


@pytest.mark.usefixtures("_tight")
def test_who_is_not_logged_in_has_a_limit_by_address() -> None:
    # As JSON: to write the YAML takes longer than all else.
    asked = {"Accept": "application/vnd.oai.openapi+json"}
    answers = [APIClient().get("/api/schema/", headers=asked) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


def test_photos_have_a_quota(api: APIClient, picture: MakePicture, settings: Any) -> None:
    settings.QUOTA_PHOTOS = 1
    same = picture()
    files = [same, picture()]
    answer = api.post(URL, {"images": files}, format="multipart").json()
    assert len(answer["accepted"]) == 1
    assert answer["rejected"][0]["error"]["code"] == "quota_exceeded"
    refused = api.post(URL, {"images": [picture()]}, format="multipart")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "quota_exceeded")
    assert refused.json()["error"]["details"]["limit"] == 1
    same.seek(0)
    assert api.post(URL, {"images": [same]}, format="multipart").status_code == 202
    assert Photo.objects.count() == 1


def test_bytes_have_a_quota_and_nothing_is_left_behind(
    owner: User, api: APIClient, picture: MakePicture, settings: Any
) -> None:
    file = picture()
    settings.QUOTA_BYTES = 1000 + (file.size or 0)
    PhotoFactory.create(owner=owner, stored_bytes=1001)
    refused = api.post(URL, {"images": [file]}, format="multipart")
    assert refused.json()["error"]["details"]["unit"] == "bytes"
    assert not list(settings.MEDIA_ROOT.glob("uploads/*/*"))
    Photo.objects.update(stored_bytes=1000)
    file.seek(0)
    assert api.post(URL, {"images": [file]}, format="multipart").status_code == 202


def test_bytes_are_those_of_the_files(analysed: Analysis) -> None:
    photo = analysed.photo
    assert photo.stored_bytes == photo.image.size + photo.thumbnail.size


def test_me(owner: User, analysed: Analysis, settings: Any, web: Client) -> None:
    me = api_client(owner, [Scope.READ]).get("/api/v1/me/").json()
    assert (me["username"], me["time_zone"], me["scopes"]) == ("owner", "UTC", ["read"])
    assert me["usage"] == {
        "photos": 1, "videos": 0, "bytes": analysed.photo.stored_bytes,
    }  # fmt: skip
    assert me["limits"]["photos"] == settings.QUOTA_PHOTOS
    assert me["limits"]["rates"]["token"] == {"calls": 600, "seconds": 60}
    assert web.get("/api/v1/me/").json()["scopes"] == ["read", "write", "review"]


def test_models(api: APIClient) -> None:
    ModelVersionFactory.create(name="v1", manifest={"metrics": {"accuracy": 0.8}})
    [model] = api.get("/api/v1/models/").json()["results"]
    assert (model["name"], model["status"]) == ("v1", "retired")
    assert model["manifest"] == {"metrics": {"accuracy": 0.8}}
