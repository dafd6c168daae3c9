"""Check by hand what Insights says: of which model, of how many faces, and when it says nothing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from detector.enums import Emotion
from detector.insights import rollups, trends
from detector.models import DailyEmotion, DailyPhotos, ModelVersion, User, Video
from detector.tests.factories import (
    AnalysisFactory,
    FaceFactory,
    ModelVersionFactory,
    VideoFactory,
)

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
FIRST, SECOND = date(2026, 5, 4), date(2026, 5, 11)
TWO_WEEKS = {
    "first_from": FIRST,
    "first_to": FIRST + timedelta(days=6),
    "second_from": SECOND,
    "second_to": SECOND + timedelta(days=6),
}


@pytest.fixture
def old(db: None) -> ModelVersion:
    return ModelVersionFactory.create(name="old", sha256="a" * 64)


@pytest.fixture
def new(db: None) -> ModelVersion:
    return ModelVersionFactory.create(name="new", sha256="b" * 64)


def add(owner: User, model: ModelVersion, moment: datetime, shown: str, felt: str = "") -> None:
    """Create a photo of one face for each letter of `shown`."""
    for letter in shown:
        FaceFactory.create(
            analysis__photo__owner=owner,
            analysis__photo__taken_at=moment,
            analysis__photo__felt_emotion=felt,
            analysis__model_version=model,
            emotion={"h": Emotion.HAPPY, "s": Emotion.SAD, "n": Emotion.NEUTRAL}[letter],
        )
    rollups.rebuild(owner)


def page(web: Client, **query: Any) -> str:
    return web.get("/insights/", query).content.decode()


def test_two_models_are_not_compared_until_one_is_chosen(
    web: Client, owner: User, old: ModelVersion, new: ModelVersion
) -> None:
    add(owner, old, MONDAY, "hhhsss")
    add(owner, new, MONDAY + timedelta(days=7), "hhhhhs")
    refused = page(web, **TWO_WEEKS)
    assert "Different models read these periods (old, new)" in refused
    assert 'id="comparison"' not in refused
    assert "Different models read these photos" in refused
    chosen = page(web, model=new.pk, **TWO_WEEKS)
    assert "Different models" not in chosen
    # Of the new model, the first week has no face.
    assert "Too few faces to compare: n = 0 and 6" in chosen
    add(owner, new, MONDAY, "hhnnn")
    compared = page(web, model=new.pk, **TWO_WEEKS)
    assert 'id="comparison"' in compared
    assert '<td class="number">40 % (2)</td><td class="number">83 % (5)</td>' in compared


def test_where_a_model_begins_is_marked(
    web: Client, owner: User, old: ModelVersion, new: ModelVersion
) -> None:
    add(owner, old, MONDAY, "hhhsss")
    add(owner, new, MONDAY + timedelta(days=7), "hhh")
    both = web.get("/insights/")
    assert both.context["chart_data"]["changes"] == [{"day": "2026-05-11", "name": "new"}]
    assert "From 11 May 2026: model new" in both.content.decode()
    marked = [cell.title for cell in both.context["calendar"].cells if cell.marked]
    assert [title.partition(":")[0] for title in marked] == ["11 May 2026"]
    assert web.get("/insights/", {"model": str(old.pk)}).context["chart_data"]["changes"] == []


def test_fewer_than_five_say_nothing(web: Client, owner: User, old: ModelVersion) -> None:
    add(owner, old, MONDAY, "hhhs")
    few = page(web)
    assert "Too few faces for a chart" in few
    assert "data-chart" not in few
    assert "insights.js" not in few
    add(owner, old, MONDAY + timedelta(days=400), "h")
    enough = page(web)
    assert 'id="distribution"' in enough
    # Each chart counts for itself: neither year, week of two periods nor hour has five.
    assert "Too few faces in 2027 to say anything (n = 1)" in enough
    assert "Too few faces to compare" in enough
    assert "Too few photos tell how you felt (n = 0)" in enough
    assert "mostly" not in enough


def test_calendar_and_hours_in_the_owners_time_zone(owner: User, old: ModelVersion) -> None:
    add(owner, old, MONDAY, "hsshn")
    add(owner, old, MONDAY.replace(hour=23), "nn")
    # Of equals the first in the order of emotions.
    assert trends.days_of_year(owner, 2026) == [trends.CalendarDay(FIRST, 7, Emotion.NEUTRAL, 3)]
    assert trends.hours(owner) == [
        trends.HourCell(0, 9, 5, Emotion.HAPPY, 2),
        trends.HourCell(0, 23, 2, Emotion.NEUTRAL, 2),
    ]
    assert trends.days_of_year(owner, 2025) == []
    owner.time_zone = "Europe/Rome"
    owner.save()
    rollups.rebuild(owner)
    assert trends.days_of_year(owner, 2026) == [
        trends.CalendarDay(FIRST, 5, Emotion.HAPPY, 2),
        trends.CalendarDay(FIRST + timedelta(days=1), 2, Emotion.NEUTRAL, 2),
    ]
    assert [(cell.name, cell.faces) for cell in trends.hours(owner)] == [
        ("Mon 11:00", 5),
        ("Tue 01:00", 2),
    ]


def test_comparison_of_two_periods(owner: User, old: ModelVersion) -> None:
    add(owner, old, MONDAY, "hhhss")
    add(owner, old, MONDAY + timedelta(days=7), "hnnnn")
    day = timedelta(days=1)
    compared = trends.compare(owner, (FIRST, SECOND - day), (SECOND, SECOND))
    assert (compared.first.faces, compared.second.faces) == (5, 5)
    assert compared.comparable
    changes = dict(zip(Emotion, compared.changes, strict=True))
    assert {emotion: round(change, 6) for emotion, change in changes.items() if change} == {
        Emotion.HAPPY: -0.4,
        Emotion.SAD: -0.4,
        Emotion.NEUTRAL: 0.8,
    }


def test_agreement_of_felt_and_shown(
    owner: User, old: ModelVersion, new: ModelVersion, stranger: User
) -> None:
    add(owner, old, MONDAY, "hhs", felt="happy")
    add(owner, new, MONDAY, "s", felt="sad")
    add(owner, old, MONDAY, "n")
    add(stranger, old, MONDAY, "s", felt="happy")
    AnalysisFactory.create(photo__owner=owner, photo__felt_emotion="sad", model_version=old)
    found = trends.agreement(owner)
    assert (found.photos, found.same, found.limited) == (4, 3, False)
    assert found.counts[Emotion.HAPPY][Emotion.SAD] == 1
    assert trends.agreement(owner, new.pk).photos == 1


def test_agreement_looks_at_the_largest_face(owner: User) -> None:
    small = FaceFactory.create(analysis__photo__owner=owner, analysis__photo__felt_emotion="sad")
    FaceFactory.create(
        analysis=small.analysis, index=1, width=50.0, height=50.0, emotion=Emotion.SAD
    )
    assert small.analysis.dominant_emotion == Emotion.SAD
    assert trends.agreement(owner).counts[Emotion.SAD][Emotion.SAD] == 1


def test_agreement_counts_the_latest(
    owner: User, old: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(owner, old, MONDAY, "sss", felt="happy")
    add(owner, old, MONDAY, "hh", felt="happy")
    monkeypatch.setattr(trends, "SELF_REPORTS", 2)
    found = trends.agreement(owner)
    assert (found.photos, found.same, found.limited) == (2, 2, True)


def test_no_bar_is_missing_of_a_long_history(web: Client, owner: User, new: ModelVersion) -> None:
    add(owner, new, MONDAY - timedelta(days=3000), "hhh")
    add(owner, new, MONDAY, "hhh")
    for asked, shown in (("day", "week"), ("week", "week"), ("month", "month")):
        context = web.get("/insights/", {"bucket": asked}).context
        assert context["bucket"] == shown
        last = context["chart_data"]["timeline"]["starts"][-1]
        assert date.fromisoformat(last) > FIRST - timedelta(days=31)
    assert "A bar for each day would make more than 1,000" in page(web, bucket="day")
    assert "A bar for each" not in page(web, bucket="week")


def test_large_numbers_have_separators(web: Client, owner: User, new: ModelVersion) -> None:
    DailyPhotos.objects.create(
        owner=owner, day=FIRST, model_version=new, photos=2345, without_face=1234
    )
    VideoFactory.create(owner=owner, frame_count=4321)
    assert "<dd>1,234</dd>" in page(web)
    DailyEmotion.objects.create(
        owner=owner, day=FIRST, model_version=new, emotion=Emotion.HAPPY, faces=5678, uncertain=0,
        corrected=0, confidence_sum=5000,
    )  # fmt: skip
    table = web.get("/insights/timeline/numbers/").content.decode()
    assert '<td class="number">5,678</td>' in table
    video = Video.objects.get()
    assert "4,321 frames were analysed" in web.get(f"/videos/{video.pk}/").content.decode()
