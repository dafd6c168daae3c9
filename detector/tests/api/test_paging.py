"""Pages, their order, and parameters that nobody knows."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from detector.accounts import tokens
from detector.api.pagination import Cursor
from detector.models import User
from detector.tests.factories import MOMENT, AnalysisFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/analyses/"


def pages(api: APIClient, query: dict[str, Any], way: str = "next") -> list[list[str]]:
    found = []
    answer = api.get(URL, query).json()
    while True:
        found.append([item["id"] for item in answer["results"]])
        if answer[way] is None:
            return found
        answer = api.get(answer[way]).json()


def make(owner: User, days: list[int]) -> list[str]:
    return [
        str(
            AnalysisFactory.create(
                photo__owner=owner, photo__taken_at=MOMENT + timedelta(days=day)
            ).pk
        )
        for day in days
    ]


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("-created_at", [4, 3, 2, 1, 0]),
        ("created_at", [0, 1, 2, 3, 4]),
        ("-taken_at", [3, 2, 4, 1, 0]),
        ("taken_at", [0, 1, 4, 2, 3]),
    ],
)
def test_orderings_there_and_back(
    owner: User, api: APIClient, ordering: str, expected: list[int]
) -> None:
    """Two and three were taken at one moment, as were one and four."""
    ids = make(owner, [0, 1, 2, 2, 1])
    query: dict[str, Any] = {"ordering": ordering, "page_size": 2}
    there = pages(api, query)
    assert [ids.index(found) for page in there for found in page] == expected
    last = api.get(URL, query).json()
    while last["next"]:
        last = api.get(last["next"]).json()
    middle = api.get(last["previous"]).json()
    first = api.get(middle["previous"]).json()
    assert [item["id"] for item in middle["results"]] == there[1]
    assert [item["id"] for item in first["results"]] == there[0]
    assert first["previous"] is None


def test_many_of_one_moment_all_come_once(owner: User, api: APIClient) -> None:
    ids = make(owner, [0] * 7)
    found = [item for page in pages(api, {"ordering": "taken_at", "page_size": 2}) for item in page]
    assert found == ids


@pytest.mark.parametrize("ordering", ["created_at", "taken_at"])
def test_photos_that_go_between_two_pages_move_nothing(
    owner: User, api: APIClient, ordering: str
) -> None:
    ids = make(owner, [0, 1, 1, 1, 1])
    first = api.get(URL, {"ordering": ordering, "page_size": "2"}).json()
    for gone in ids[1:3]:
        api.delete(f"{URL}{gone}/")
    assert [item["id"] for item in first["results"]] == ids[:2]
    assert [item["id"] for item in api.get(first["next"]).json()["results"]] == ids[3:]


def test_filters_stay_with_the_pages(owner: User, api: APIClient) -> None:
    make(owner, [0, 1, 2, 3])
    first = api.get(URL, {"from": "2026-05-05", "page_size": "1"}).json()
    assert len(pages(api, {"from": "2026-05-05", "page_size": 1})) == 3
    assert "from=2026-05-05" in first["next"]


@pytest.mark.parametrize(
    "query", [{"page_size": "0"}, {"page_size": "201"}, {"page_size": "x"}, {"ordering": "faces"},
              {"ordering": ""}, {"emotions": "sad"}, {"format": "json"}],
)  # fmt: skip
def test_parameters_that_make_no_sense(api: APIClient, query: dict[str, str]) -> None:
    response = api.get(URL, query)
    assert response.status_code == 400
    assert set(response.json()["error"]["details"]["fields"]) == set(query)


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize("path", ["tokens/", "stats/summary/", "analyses/"])
def test_unknown_parameters_of_any_call(api: APIClient, method: str, path: str) -> None:
    response = getattr(api, method)(f"/api/v1/{path}?since=2026-01-01")
    assert response.status_code in (400, 405)


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "é", "a" * 500, "W10", "bnVsbA",
        str(Cursor("-taken_at", False, "01a20d5f-838f-741c-9f62-6c6e94085f54", None)),
        str(Cursor("-created_at", False, "no id", None)),
        str(Cursor("-created_at", False, "01a20d5f-838f-741c-9f62-6c6e94085f54", "2026-01-01")),
        str(Cursor("-taken_at", False, "01a20d5f-838f-741c-9f62-6c6e94085f54", "2026-01-01")),
        "WyItY3JlYXRlZF9hdCIsIGZhbHNlLCAxLCBudWxsXQ",  # its id is the number 1
    ],
)  # fmt: skip
@pytest.mark.parametrize("ordering", ["-created_at", "-taken_at"])
def test_cursors_that_we_never_gave(api: APIClient, cursor: str, ordering: str) -> None:
    response = api.get(URL, {"cursor": cursor, "ordering": ordering})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


def test_tokens_have_pages(owner: User, api: APIClient) -> None:
    for number in range(3):
        tokens.create_token(owner, name=str(number))
    first = api.get("/api/v1/tokens/", {"page_size": "2", "ordering": "created_at"}).json()
    second = api.get(first["next"]).json()
    assert [item["name"] for item in first["results"] + second["results"]] == ["test", *"012"]
