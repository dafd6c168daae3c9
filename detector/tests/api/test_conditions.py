"""Calls that shall be done only to what the caller knows."""

import gzip
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from detector.api import conditions
from detector.common import locks
from detector.enums import Scope
from detector.models import Analysis, Photo, User
from detector.photos import annotations
from detector.tests.api.test_every_call import CALLS, Call, all_rows, each, ids, make  # noqa: F401
from detector.tests.conftest import api_client

pytestmark = pytest.mark.django_db
OTHER = '"0123456789abcdef0123456789abcdef"'
CHANGES = [
    call
    for call in CALLS
    # A detection stores nothing, so there is nothing of which one could know the state.
    if call.method != "get" and call.scope is Scope.WRITE and call.path != "detect/"
]


@pytest.fixture
def url(analysed: Analysis) -> str:
    return f"/api/v1/analyses/{analysed.pk}/"


def address(call: Call) -> Call:
    """Read what a call changes: some act on what is above."""
    path = call.path
    for suffix in ("retry/", "resend/", "tracks/<int:index>/corrections/"):
        path = path.removesuffix(suffix)
    return Call("get", path)


def test_no_call_changes_what_is_not_as_it_says(
    ids: dict[str, str], owner: User, subtests: pytest.Subtests  # noqa: F811
) -> None:  # fmt: skip
    client = api_client(owner, list(Scope))
    before = all_rows(owner)
    for call in CHANGES:
        with each(call, subtests):
            for header in ({"If-Match": OTHER}, {"If-None-Match": "*"}, {"If-Match": "x"}):
                answer = make(client, call, ids, **header)
                error = answer.json()["error"]["code"]
                assert (answer.status_code, error) == (412, "precondition_failed")
                assert "RateLimit-Remaining" in answer
            assert all_rows(owner) == before


@pytest.mark.parametrize("coding", ["", "gzip, br"])
def test_what_was_read_can_be_sent_back(
    coding: str, ids: dict[str, str], owner: User, subtests: pytest.Subtests  # noqa: F811
) -> None:  # fmt: skip
    client = api_client(owner, list(Scope))
    for call in CHANGES:
        with each(call, subtests):
            answer = make(client, address(call), ids, **{"Accept-Encoding": coding})
            answer.getvalue()  # what is streamed is closed at its end
            tag = answer["ETag"]
            assert not tag.startswith("W/")
            known = {"If-Match": f'{OTHER}, {tag}, "x"'}
            assert make(client, call, ids, **known).status_code == call.answer


@pytest.mark.parametrize("condition", ["*", " * "])
def test_whatever_it_is(api: APIClient, url: str, condition: str) -> None:
    assert api.patch(url, {"note": "x"}, headers={"If-Match": condition}).status_code == 200
    unknown = f"/api/v1/analyses/{UUID(int=0)}/"
    assert api.patch(unknown, {"note": "x"}, headers={"If-Match": "*"}).status_code == 404


@pytest.mark.parametrize("form", ["W/{}", "{}x", "x{}"])
def test_weak_and_crippled_tags_never_match(api: APIClient, url: str, form: str) -> None:
    tag = api.get(url)["ETag"]
    refused = api.delete(url, headers={"If-Match": form.format(tag)})
    assert refused.status_code == 412
    assert Photo.objects.exists()


def test_change_has_the_tag_of_what_is_read_next(api: APIClient, url: str) -> None:
    first = api.get(url)["ETag"]
    changed = api.patch(url, {"note": "new"}, headers={"If-Match": first})
    assert changed["ETag"] == api.get(url)["ETag"] != first
    assert api.patch(url, {"note": "late"}, headers={"If-Match": first}).status_code == 412
    assert (
        api.patch(url, {"note": "next"}, headers={"If-Match": changed["ETag"]}).status_code == 200
    )


def test_each_coding_has_a_tag_of_its_own(api: APIClient, url: str) -> None:
    coded = {"Accept-Encoding": "gzip"}
    plain, small = api.get(url), api.get(url, headers=coded)
    assert gzip.decompress(small.content) == plain.content
    assert small["ETag"] == plain["ETag"].removesuffix('"') + '-gzip"'
    again = api.get(url, headers={**coded, "If-None-Match": f'"x", {small["ETag"]}'})
    assert (again.status_code, again["ETag"]) == (304, small["ETag"])
    assert "Accept-Encoding" in again["Vary"]
    assert api.get(url, headers={"If-None-Match": f"W/{plain['ETag']}"}).status_code == 304


def test_reading_can_depend_on_it_too(api: APIClient, url: str) -> None:
    for path in (url, f"{url}image/", f"{url}annotated/"):
        refused = api.get(path, headers={"If-Match": OTHER})
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            412,
            "precondition_failed",
        )
        # Nothing here has a moment of its last change.
        old = {"If-Unmodified-Since": "Sat, 29 Oct 1994 19:43:31 GMT"}
        answer = api.get(path, headers=old)
        assert answer.getvalue()
        assert answer.status_code == 200
        assert api.patch(url, {"note": path}, headers=old).status_code == 200


def test_a_token_can_revoke_itself(owner: User) -> None:
    """Though every call changes when it was last used."""
    client = api_client(owner)
    own = f"/api/v1/tokens/{client.get('/api/v1/tokens/').json()['results'][0]['id']}/"
    tag = client.get(own)["ETag"]
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert client.get(own)["ETag"] != tag
        assert client.delete(own, headers={"If-Match": tag}).status_code == 204


def test_nobody_writes_between_check_and_change(
    api: APIClient, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change comes in the transaction that locked the row and then checked."""
    done: list[tuple[str, int]] = []

    def watch(module: Any, name: str) -> None:
        original = getattr(module, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            done.append((name, len(connection.savepoint_ids)))
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, watched)

    tag = api.get(url)["ETag"]
    for module, name in (
        (locks, "lock_analysis"),
        (conditions, "check"),
        (annotations, "annotate"),
    ):
        watch(module, name)
    assert api.patch(url, {"note": "x"}, headers={"If-Match": tag}).status_code == 200
    assert done == [("lock_analysis", 1), ("check", 1), ("annotate", 1)]


def test_other_origins_may_ask(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://kiosk.example"]
    answer = Client().options(
        "/api/v1/analyses/",
        headers={
            "Origin": "https://kiosk.example",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "if-match",
        },
    )
    assert "if-match" in answer["Access-Control-Allow-Headers"]
    assert "PATCH" in answer["Access-Control-Allow-Methods"]
