"""Where a person's calendar days begin and end, and how moments are told to programs."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

FIRST: Final = date(1900, 1, 1)
LAST: Final = date(9998, 12, 30)
"""Days beyond are taken as these: the ends of the calendar have no moment in every zone."""


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day in a zone."""
    return datetime.combine(min(max(day, FIRST), LAST + timedelta(days=1)), time.min, tzinfo=zone)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The first moment after a day in a zone."""
    return start_of_day(min(day, LAST) + timedelta(days=1), zone)


def utc_text(moment: datetime) -> str:
    """A moment as every program is told it: 2026-05-04T12:00:00.000000Z."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")
