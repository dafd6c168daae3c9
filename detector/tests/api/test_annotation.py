"""Check what an owner writes on a photo through the API."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from detector.models import Analysis

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(analysed: Analysis) -> str:
    return f"/api/v1/analyses/{analysed.pk}/"


def test_what_is_left_out_stays(api: APIClient, url: str) -> None:
    first = api.patch(url, {"note": "At the lake", "tags": ["lake", "summer"]}).json()
    assert (first["note"], first["tags"]) == ("At the lake", ["lake", "summer"])
    second = api.patch(url, {"tags": ["lake"], "felt_emotion": "sad"}).json()
    assert (second["note"], second["tags"], second["felt_emotion"]) == (
        "At the lake", ["lake"], "sad"
    )  # fmt: skip
    third = api.patch(url, {"note": "", "tags": [], "felt_emotion": None}).json()
    assert (third["note"], third["tags"], third["felt_emotion"]) == ("", [], None)
    assert api.get(url).json() == third


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "request"),
        ({"status": "done"}, "status"),
        ({"note": "x", "colour": "red"}, "colour"),
        ({"note": "x" * 2001}, "note"),
        ({"tags": ["x" * 51]}, "tags"),
        ({"tags": [str(n) for n in range(21)]}, "tags"),
        ({"tags": "lake"}, "tags"),
        ({"felt_emotion": "joy"}, "felt_emotion"),
    ],
)
def test_changes_that_make_no_sense(
    api: APIClient, url: str, body: dict[str, Any], field: str
) -> None:
    before = api.get(url).json()
    response = api.patch(url, body)
    assert response.status_code == 400
    assert field in response.json()["error"]["details"]["fields"]
    assert api.get(url).json() == before


def test_known_analysis_is_not_sent_again(api: APIClient, url: str) -> None:
    first = api.get(url)
    known = {"If-None-Match": first["ETag"]}
    again = api.get(url, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    api.patch(url, {"note": "new"})
    changed = api.get(url, headers=known)
    assert (changed.status_code, changed.json()["note"]) == (200, "new")
