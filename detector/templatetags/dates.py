"""Dates in the language that the person chose; built into every template."""

from datetime import date, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from detector.common import dates

register = template.Library()

register.filter("day", dates.day_text)
register.filter("moment", dates.moment_text)
register.filter("month", dates.month_text)


@register.filter
def when(moment: date | datetime) -> SafeString:
    """A moment or a day as a `<time>` that machines and screen readers understand."""
    text = dates.moment_text(moment) if isinstance(moment, datetime) else dates.day_text(moment)
    iso = moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else str(moment)
    return format_html('<time datetime="{}" lang="{}">{}</time>', iso, dates.language(), text)
