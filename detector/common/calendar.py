"""The calendar of a person: where days begin and end, and how dates are formatted.

Django ties the date format to the language of the whole page. Here the pages stay English, and
only the dates follow the person's choice.
"""

from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from django.utils import timezone, translation
from django.utils.formats import date_format

from detector.enums import DateLanguage

FIRST: Final = date(1900, 1, 1)
LAST: Final = date(9998, 12, 30)
"""Days outside this range are clamped to it: Python cannot convert them to every time zone."""


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of a day in a time zone."""
    return datetime.combine(min(max(day, FIRST), LAST + timedelta(days=1)), time.min, tzinfo=zone)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the first moment after a day in a time zone."""
    return start_of_day(min(day, LAST) + timedelta(days=1), zone)


def utc_text(moment: datetime) -> str:
    """Format a moment for programs, ISO 8601 in UTC: 2026-05-04T12:00:00.000000Z."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


_language: ContextVar[str] = ContextVar("date_language", default=DateLanguage.ENGLISH)


def activate(language: str) -> None:
    """Set the language of dates in the current context."""
    _language.set(language)


def deactivate() -> None:
    """Set the language of dates back to the default."""
    _language.set(DateLanguage.ENGLISH)


def language() -> str:
    """Return the current language of dates."""
    return _language.get()


def day_text(day: date) -> str:
    """Format a day: 24 Nov 2026. A moment is converted to the current time zone first."""
    return _formatted(day, "DATE_FORMAT")


def moment_text(moment: datetime) -> str:
    """Format a moment in the current time zone: 24 Nov 2026, 14:05."""
    return _formatted(moment, "DATETIME_FORMAT")


def month_text(day: date) -> str:
    """Format the month of a day: November 2026."""
    return _formatted(day, "YEAR_MONTH_FORMAT")


def month_name(day: date) -> str:
    """Return the short name of a day's month: Nov."""
    return _formatted(day, "M")


def weekday_name(day: date) -> str:
    """Return the short name of a day's weekday: Tue."""
    return _formatted(day, "D")


def _formatted(day: date, format_name: str) -> str:
    local = timezone.localtime(day) if isinstance(day, datetime) else day
    with translation.override(_language.get()):
        return date_format(local, format_name)
