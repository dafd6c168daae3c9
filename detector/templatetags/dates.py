"""Filters for dates in the language that the user chose; built into every template."""

from datetime import date, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from detector.common import calendar

register = template.Library()

register.filter("day", calendar.day_text)
register.filter("moment", calendar.moment_text)
register.filter("month", calendar.month_text)


@register.filter
def when(moment: date | datetime) -> SafeString:
    """Return a moment or a day as a `<time>` element, for machines and screen readers."""
    text = (
        calendar.moment_text(moment) if isinstance(moment, datetime) else calendar.day_text(moment)
    )
    iso = moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else str(moment)
    return format_html('<time datetime="{}" lang="{}">{}</time>', iso, calendar.language(), text)
