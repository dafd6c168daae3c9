"""Statistics, schema and the error envelope."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from detector.accounts import preferences
from detector.enums import Emotion
from detector.insights import rollups
from detector.models import User
from detector.tests.api.test_every_call import CALLS
from detector.tests.factories import AnalysisFactory, FaceFactory

pytestmark = pytest.mark.django_db


def test_summary(owner: User, stranger: User, api: APIClient) -> None:
    for emotion, day in ((Emotion.HAPPY, 4), (Emotion.HAPPY, 5), (Emotion.SAD, 5)):
        moment = datetime(2026, 5, day, 12, tzinfo=UTC)
        FaceFactory.create(
            analysis__photo__owner=owner, analysis__photo__taken_at=moment, emotion=emotion,
            confidence=0.8, uncertain=emotion == Emotion.SAD,
        )  # fmt: skip
    AnalysisFactory.create(photo__owner=owner, photo__taken_at=datetime(2026, 5, 6, tzinfo=UTC))
    FaceFactory.create(analysis__photo__owner=stranger)
    rollups.rebuild(owner)
    rollups.rebuild(stranger)
    data = api.get("/api/v1/stats/summary/").json()
    assert (data["photos"], data["faces"], data["uncertain"], data["without_face"]) == (4, 3, 1, 1)
    assert (data["first_day"], data["last_day"]) == ("2026-05-04", "2026-05-05")
    assert list(data["emotions"]) == Emotion.values
    assert data["emotions"]["happy"] == {
        "faces": 2, "share": pytest.approx(2 / 3), "mean_confidence": pytest.approx(0.8)
    }  # fmt: skip
    assert data["emotions"]["fear"] == {"faces": 0, "share": 0.0, "mean_confidence": None}
    part = api.get("/api/v1/stats/summary/", {"from": "2026-05-05", "to": "2026-05-05"}).json()
    assert (part["photos"], part["faces"]) == (2, 2)


@pytest.mark.parametrize("query", [{"from": "x"}, {"from": "2026-05-05", "to": "2026-05-04"}])
def test_summary_of_no_period(api: APIClient, query: dict[str, str]) -> None:
    assert api.get("/api/v1/stats/summary/", query).json()["error"]["code"] == "invalid"


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/New_York"])
@pytest.mark.parametrize("url", ["/api/v1/analyses/", "/api/v1/stats/summary/"])
def test_all_of_the_calendar_is_a_period(owner: User, api: APIClient, url: str, zone: str) -> None:
    preferences.set_time_zone(owner, zone)
    response = api.get(url, {"from": "0001-01-01", "to": "9999-12-31"})
    assert response.status_code == 200


def test_summary_of_nothing(api: APIClient) -> None:
    data = api.get("/api/v1/stats/summary/").json()
    assert (data["photos"], data["faces"], data["first_day"]) == (0, 0, None)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/v1/nothing/", 404, "not_found"),
        ("get", "/api/v1/analyses/not-a-uuid/", 404, "not_found"),
        ("put", "/api/v1/analyses/", 405, "method_not_allowed"),
        ("get", "/api/v1/analyses/?cursor=broken", 404, "not_found"),
        ("get", "/api/v1/analyses/?cursor=cD1hYmM=", 404, "not_found"),
        ("get", "/api/v1/tokens/?cursor=cD1hYmM=", 404, "not_found"),
    ],
)
def test_every_error_has_the_envelope(
    api: APIClient, method: str, path: str, status: int, code: str
) -> None:
    response = getattr(api, method)(path)
    assert response.status_code == status
    assert response.json()["error"]["code"] == code


def test_body_of_another_kind(api: APIClient) -> None:
    response = api.post("/api/v1/analyses/", {"images": "x"}, format="json")
    assert (response.status_code, response.json()["error"]["code"]) == (
        415,
        "unsupported_media_type",
    )


def test_broken_json(api: APIClient) -> None:
    response = api.post("/api/v1/tokens/", "{", content_type="application/json")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "parse_error")


def test_too_large_a_body_is_refused_before_it_is_read(api: APIClient, settings: Any) -> None:
    settings.REQUEST_MAX_BYTES = 10
    response = api.post("/api/v1/tokens/", {"name": "more than ten bytes"})
    assert (response.status_code, response.json()["error"]["code"]) == (413, "request_too_large")


def test_schema_names_every_call() -> None:
    response = Client().get("/api/schema/", headers={"Accept": "application/json"})
    paths = response.json()["paths"]
    assert {path.strip("/") for path in paths} == {
        re.sub(r"<\w+:(\w+)>", lambda found: f"{{{found[1].replace('pk', 'id')}}}", route)
        for route in (call.route.strip("/") for call in CALLS)
    }
    create = paths["/api/v1/analyses/"]["post"]
    assert create["responses"].keys() == {
        "200", "202", "400", "401", "403", "406", "408", "409", "410", "413", "414", "415", "429",
        "431", "503",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["docs", "redoc"])
def test_docs_are_public_and_local(path: str) -> None:
    page = Client().get(f"/api/{path}/")
    assert page.status_code == 200
    assert b"https://" not in page.content
    assert b"//unpkg" not in page.content
    assert "script-src" not in page["Content-Security-Policy"]


def test_timeline(owner: User, api: APIClient) -> None:
    for day in (4, 5, 12):
        moment = datetime(2026, 5, day, 12, tzinfo=UTC)
        FaceFactory.create(analysis__photo__owner=owner, analysis__photo__taken_at=moment)
    rollups.rebuild(owner)
    url = "/api/v1/stats/timeline/"
    weeks = api.get(url, {"bucket": "week"}).json()
    assert weeks["bucket"] == "week"
    assert [(point["start"], point["faces"]["happy"]) for point in weeks["points"]] == [
        ("2026-05-04", 2), ("2026-05-11", 1),
    ]  # fmt: skip
    assert len(api.get(url, {"from": "2026-05-05"}).json()["points"]) == 2
    assert api.get(url, {"bucket": "hour"}).status_code == 400


def test_calendar_and_comparison(owner: User, api: APIClient) -> None:
    for emotion, day in ((Emotion.HAPPY, 4), (Emotion.HAPPY, 4), (Emotion.SAD, 5)):
        moment = datetime(2026, 5, day, 12, tzinfo=UTC)
        FaceFactory.create(
            analysis__photo__owner=owner, analysis__photo__taken_at=moment, emotion=emotion
        )
    rollups.rebuild(owner)
    calendar = api.get("/api/v1/stats/calendar/", {"year": "2026"}).json()
    assert calendar["days"][0] == {
        "day": "2026-05-04", "faces": 2, "dominant_emotion": "happy", "dominant_faces": 2,
    }  # fmt: skip
    assert len(calendar["days"]) == 2
    days = {
        "first_from": "2026-05-04", "first_to": "2026-05-04",
        "second_from": "2026-05-05", "second_to": "2026-05-31",
    }  # fmt: skip
    answer = api.get("/api/v1/stats/compare/", days).json()
    assert answer["first"]["from"] == "2026-05-04"
    assert answer["first"]["emotions"]["happy"]["share"] == 1
    assert (answer["second"]["faces"], answer["second"]["models"]) == (1, ["test"])
    assert answer["comparable"]
    backwards = {**days, "second_to": "2026-05-01"}
    assert api.get("/api/v1/stats/compare/", backwards).status_code == 400
    assert api.get("/api/v1/stats/calendar/").status_code == 400
