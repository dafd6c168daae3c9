"""Live sessions by the API."""

import copy
import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from detector.api import parsers
from detector.live import series
from detector.models import LiveSession, User
from detector.models.live_session import LIVE_SECONDS
from detector.tests.factories import LiveSessionFactory
from detector.tests.live.rows import row

pytestmark = pytest.mark.django_db
URL = "/api/v1/live-sessions/"
WISH: dict[str, Any] = {
    "name": "Call", "started_at": "2026-05-04T12:00:00Z", "seconds": 2, "model": "v7",
    "faces": [{"first": 0, "rows": [row("happy"), row("sad", uncertain=True)]}],
}  # fmt: skip


def test_a_session_is_kept_listed_changed_and_erased(api: APIClient) -> None:
    made = api.post(URL, WISH)
    assert made.status_code == 201, made.content
    url = made["Location"]
    shown = api.get(url).json()
    assert shown == made.json()
    assert (shown["totals"]["happy"], shown["felt_emotion"], shown["note"]) == (1, None, "")
    [listed] = api.get(URL).json()["results"]
    assert "faces" not in listed
    assert listed["id"] == shown["id"]
    correction = {"face": 1, "first": 0, "until": 2, "emotion": "fear"}
    changed = api.patch(url, {"corrections": [correction], "felt_emotion": "sad", "name": "Jo"})
    assert changed.status_code == 200, changed.content
    assert changed.json()["totals"]["fear"] == 2
    assert (changed.json()["felt_emotion"], changed.json()["name"]) == ("sad", "Jo")
    assert api.patch(url, {"felt_emotion": None}).json()["felt_emotion"] is None
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"faces": []}, "invalid_series"),
        ({"faces": [{"first": 0, "rows": [[1] * 8]}]}, "invalid_series"),
        ({"faces": {"a": 1}}, "invalid_series"),
        ({"seconds": LIVE_SECONDS + 1}, "invalid"),
        ({"seconds": 1}, "invalid_series"),
        ({"model": "../etc"}, "invalid"),
        ({"started_at": "1999-01-01T00:00:00Z"}, "invalid_series"),
        ({"name": ""}, "invalid"),
        ({"picture": "x"}, "invalid"),
    ],
)
def test_what_is_not_valid_is_refused(api: APIClient, change: dict[str, Any], code: str) -> None:
    answer = api.post(URL, {**WISH, **change})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert not LiveSession.objects.exists()


def test_an_error_says_where_it_is(api: APIClient) -> None:
    wish = copy.deepcopy(WISH)
    wish["faces"][0]["rows"][1][0] = 999
    details = api.post(URL, wish).json()["error"]["details"]
    assert details == {"face": 1, "second": 1}


def test_an_hour_of_as_many_faces_as_are_allowed_fits_into_a_body(api: APIClient) -> None:
    rows = [[142, 143, 143, 143, 143, 143, 143, 1]] * LIVE_SECONDS
    faces = [{"first": 0, "rows": rows}] * series.FACES
    # With the spaces that most programs write.
    body = json.dumps({**WISH, "seconds": LIVE_SECONDS, "faces": faces})
    assert api.generic("POST", URL, body, content_type="application/json").status_code == 201


def test_a_body_beyond_the_limit_is_not_read(api: APIClient) -> None:
    answer = api.post(URL, {**WISH, "note": "x" * parsers.MAX_JSON_BYTES})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")


def test_a_change_may_ask_for_the_version_that_it_knows(api: APIClient, owner: User) -> None:
    url = f"{URL}{LiveSessionFactory.create(owner=owner).pk}/"
    tag = api.get(url)["ETag"]
    assert api.patch(url, {"note": "one"}, headers={"If-Match": tag}).status_code == 200
    assert api.patch(url, {"note": "two"}, headers={"If-Match": tag}).status_code == 412
    assert api.delete(url, headers={"If-Match": tag}).status_code == 412
