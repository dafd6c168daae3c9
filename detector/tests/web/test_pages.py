"""History, Insights and settings as pages, without a browser."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from detector.enums import Emotion
from detector.insights import rollups
from detector.models import Analysis, ApiToken, DailyEmotion, User
from detector.tests.factories import AnalysisFactory, FaceFactory

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return str(response.content.decode())


def shown(page: Any) -> list[UUID]:
    return [analysis.pk for analysis in page.context["page"].items]


def test_history_pages_by_key(web: Client, owner: User) -> None:
    ids = [AnalysisFactory.create(photo__owner=owner).pk for _ in range(60)][::-1]
    first = web.get("/history/")
    second = web.get("/history/" + first.context["older_url"])
    third = web.get("/history/" + second.context["older_url"])
    assert shown(first) + shown(second) + shown(third) == ids
    assert first.context["newer_url"] is third.context["older_url"] is None
    back = web.get("/history/" + third.context["newer_url"])
    assert shown(back) == shown(second)
    assert shown(web.get("/history/" + back.context["newer_url"])) == shown(first)


def test_history_filters_stay_in_the_address(web: Client, owner: User) -> None:
    for number in range(30):
        moment = datetime(2026, 5, 1 + number % 2, 12, tzinfo=UTC)
        FaceFactory.create(
            analysis__photo__owner=owner,
            analysis__photo__taken_at=moment,
            emotion=Emotion.SAD if number % 2 else Emotion.HAPPY,
        )
    page = web.get("/history/", {"emotion": "sad", "from": "2026-05-02"})
    assert len(shown(page)) == 15
    assert shown(web.get("/history/", {"emotion": "sad", "to": "2026-05-01"})) == []
    everything = web.get("/history/", {"emotion": "happy", "uncertain": "false"})
    assert len(shown(everything)) == 15


@pytest.mark.parametrize(
    "query",
    [
        "from=0001-01-01&to=9999-12-31",
        "emotion=joy",
        "from=never",
        "before=x",
        "after=&before=",
        "min_confidence=7",
        "sort=never",
        "sort=taken&before=0.5~018f0000-0000-7000-8000-000000000000",
        "sort=sure&before=nan~018f0000-0000-7000-8000-000000000000",
        "sort=taken&after=2026-05-04T12:00:00~018f0000-0000-7000-8000-000000000000",
    ],
)
def test_history_of_a_mistyped_address_is_no_error(web: Client, query: str) -> None:
    assert web.get(f"/history/?{query}").status_code == 200


def test_history_costs_the_same_for_many(
    web: Client, owner: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(24):
        FaceFactory.create(analysis__photo__owner=owner)
    with django_assert_max_num_queries(9):
        web.get("/history/")


def test_insights(web: Client, owner: User) -> None:
    for day in range(1, 8):
        FaceFactory.create(
            analysis__photo__owner=owner,
            analysis__photo__taken_at=datetime(2026, 5, day, 12, tzinfo=UTC),
            emotion=Emotion.HAPPY if day < 6 else Emotion.SAD,
        )
    rollups.rebuild(owner)
    page = web.get("/insights/")
    data = page.context["chart_data"]
    happy, sad = Emotion.values.index("happy"), Emotion.values.index("sad")
    assert (data["distribution"][happy], data["distribution"][sad]) == (5, 2)
    assert data["timeline"]["starts"] == [f"2026-05-0{day}" for day in range(1, 8)]
    assert data["timeline"]["faces"]["sad"] == [0, 0, 0, 0, 0, 1, 1]
    assert page.context["bucket"] == "day"


@pytest.mark.parametrize("chosen", ["30", "90", "365", "all", "nonsense"])
def test_insights_of_an_empty_history(web: Client, chosen: str) -> None:
    assert web.get(f"/insights/?range={chosen}").status_code == 200


def test_insights_of_a_year_beyond_all_numbers(web: Client) -> None:
    assert web.get(f"/insights/?year={'9' * 5000}").status_code == 200


def test_changing_the_time_zone_moves_the_days(web: Client, owner: User) -> None:
    moment = datetime(2026, 5, 4, 20, tzinfo=UTC)
    FaceFactory.create(analysis__photo__owner=owner, analysis__photo__taken_at=moment)
    rollups.rebuild(owner)
    assert web.post("/settings/", {"time_zone": "Pacific/Auckland"}).status_code == 302
    assert DailyEmotion.objects.get().day.isoformat() == "2026-05-05"
    # The last one is whatever this host calls its own.
    for zone in ("Moon", "localtime"):
        assert web.post("/settings/", {"time_zone": zone}).status_code == 200
    # A zone that this host does not know locks nobody out, and stops no restore.
    User.objects.update(time_zone="Moon")
    assert web.get("/insights/").status_code == 200
    owner.refresh_from_db()
    rollups.rebuild(owner)
    assert DailyEmotion.objects.get().day.isoformat() == "2026-05-04"


def test_token_of_the_settings_page_is_shown_once(web: Client) -> None:
    number = web.get("/settings/").context["form_number"]
    form = {"name": "script", "scopes": ["read"], "days": "30", "number": number}
    page = web.post("/settings/tokens/", form)
    secret = page.context["secret"]
    assert secret in text_of(page)
    assert page["Cache-Control"] == "private, no-store"
    assert secret not in text_of(web.get("/settings/"))
    # Reloading the page sends its form again.
    assert web.post("/settings/tokens/", form).status_code == 302
    token = ApiToken.objects.get()
    assert web.post(f"/settings/tokens/{token.id}/revoke/").status_code == 302
    assert not ApiToken.objects.exists()


def test_secret_of_a_token_is_kept_nowhere(web: Client) -> None:
    number = web.get("/settings/").context["form_number"]
    page = web.post(
        "/settings/tokens/", {"name": "script", "scopes": ["read"], "days": "30", "number": number}
    )
    assert page.context["secret"] not in str(dict(web.session))


@pytest.mark.parametrize("path", ["/nothing/", "/photos/00000000-0000-0000-0000-000000000000/"])
def test_not_found_is_a_page_with_a_way_on(web: Client, path: str) -> None:
    response = web.get(path)
    assert response.status_code == 404
    assert "/history/" in text_of(response)


def test_no_page_needs_another_host(web: Client, analysed: Analysis) -> None:
    for url in ("/", "/upload/", "/history/", "/insights/", f"/photos/{analysed.photo_id}/"):
        response = web.get(url)
        policy = response["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        page = text_of(response)
        assert 'src="http' not in page
        assert "<style" not in page
        assert " style=" not in page
