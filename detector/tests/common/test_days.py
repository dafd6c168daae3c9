"""Days that are not as long as others."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from detector.common.days import end_of_day, start_of_day


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
