"""A person's calendar: where days begin and end, and how dates are written.

Django ties the form of a date to the language of the whole page. Here the pages stay English and
only dates follow the person.
"""

from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from django.utils import timezone, translation
from django.utils.formats import date_format

from detector.enums import DateLanguage

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


_language: ContextVar[str] = ContextVar("date_language", default=DateLanguage.ENGLISH)


def activate(language: str) -> None:
    """Write dates in `language` until told otherwise, in this thread."""
    _language.set(language)


def deactivate() -> None:
    """Write dates as for people who did not choose."""
    _language.set(DateLanguage.ENGLISH)


def language() -> str:
    """The language of dates now."""
    return _language.get()


def day_text(day: date) -> str:
    """A day: 24 Nov 2026. Of a moment, its day in the current time zone."""
    return _written(day, "DATE_FORMAT")


def moment_text(moment: datetime) -> str:
    """A moment in the current time zone: 24 Nov 2026, 14:05."""
    return _written(moment, "DATETIME_FORMAT")


def month_text(day: date) -> str:
    """The month of a day: November 2026."""
    return _written(day, "YEAR_MONTH_FORMAT")


def month_name(day: date) -> str:
    """The month of a day, short: Nov."""
    return _written(day, "M")


def weekday_name(day: date) -> str:
    """The weekday of a day, short: Tue."""
    return _written(day, "D")


def _written(day: date, form: str) -> str:
    local = timezone.localtime(day) if isinstance(day, datetime) else day
    with translation.override(_language.get()):
        return date_format(local, form)
