"""Days of unusual length, and dates in the user's language."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import timezone

from detector.common import calendar
from detector.common.calendar import end_of_day, start_of_day
from detector.enums import DateLanguage
from detector.insights import trends
from detector.models import Analysis, User
from detector.web import calendars

MOMENT = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _as_nobody() -> Iterator[None]:
    yield
    calendar.deactivate()
    timezone.deactivate()


@pytest.mark.parametrize(
    ("language", "day", "moment", "month"),
    [
        ("en-gb", "9 Mar 2026", "9 Mar 2026, 23:30", "March 2026"),
        ("en", "March 9, 2026", "March 9, 2026, 11:30 p.m.", "March 2026"),
        ("de", "9. März 2026", "9. März 2026 23:30", "März 2026"),
        ("fr", "9 mars 2026", "9 mars 2026 23:30", "mars 2026"),
        ("it", "9 Marzo 2026", "9 Marzo 2026, 23:30", "Marzo 2026"),
        ("ja", "2026年3月9日", "2026年3月9日23:30", "2026年3月"),
    ],
)
def test_forms(language: str, day: str, moment: str, month: str) -> None:
    calendar.activate(language)
    assert calendar.day_text(MOMENT) == day
    assert calendar.moment_text(MOMENT) == moment
    assert calendar.month_text(MOMENT.date()) == month


def test_short_names_of_months_and_weekdays() -> None:
    calendar.activate("it")
    day = date(2026, 3, 9)
    assert (calendar.month_name(day), calendar.weekday_name(day)) == ("Mar", "Lun")
    assert trends.hour_name(6, 9) == "Dom 09:00"
    assert [label.text for label in calendars.week_of_hours([]).rows][:2] == ["Lun", "Mar"]
    assert calendars.year_of_days(2026, []).columns[0].text == "Gen"


@pytest.mark.parametrize("language", DateLanguage.values)
def test_django_knows_every_language(language: str) -> None:
    calendar.activate(language)
    assert "2026" in calendar.moment_text(MOMENT)


def test_times_are_those_of_the_zone() -> None:
    timezone.activate("Europe/Berlin")
    assert calendar.moment_text(MOMENT) == "10 Mar 2026, 00:30"
    assert calendar.day_text(MOMENT) == "10 Mar 2026"
    assert calendar.day_text(date(2026, 3, 9)) == "9 Mar 2026"


def test_when_is_marked_up() -> None:
    calendar.activate("de")
    page = Template("{{ moment|when }}").render(Context({"moment": MOMENT}))
    assert page == '<time datetime="2026-03-09T23:30:00+00:00" lang="de">9. März 2026 23:30</time>'


@pytest.mark.django_db
def test_a_page_stays_english_and_its_dates_follow(
    web: Client, owner: User, analysed: Analysis
) -> None:
    User.objects.filter(pk=owner.pk).update(date_language="de", theme="dark")
    page = web.get(f"/photos/{analysed.photo_id}/").content.decode()
    assert 'lang="de"' in page
    assert '<html lang="en" data-theme="dark" data-dates="de">' in page
    assert "Delete" in page
    anonymous = Client().get("/").content.decode()
    assert '<html lang="en" data-dates="en-gb">' in anonymous
    assert calendar.language() == "en-gb"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", date(2026, 3, 29), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        # In Cairo the clocks jump at midnight: that day has no 00:00.
        ("Africa/Cairo", date(2026, 4, 24), 23),
    ],
)
def test_length_of_a_day(zone: str, day: date, hours: int) -> None:
    begin, end = start_of_day(day, ZoneInfo(zone)), end_of_day(day, ZoneInfo(zone))
    assert end.astimezone(UTC) - begin.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.parametrize("day", [date.min, date.max, date(1900, 1, 1), date(9998, 12, 31)])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/New_York"])
def test_ends_of_the_calendar_have_moments(zone: str, day: date) -> None:
    for moment in (start_of_day(day, ZoneInfo(zone)), end_of_day(day, ZoneInfo(zone))):
        assert datetime(1899, 12, 30, tzinfo=UTC) < moment.astimezone(UTC)
