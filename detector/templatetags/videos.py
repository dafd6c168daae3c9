"""Filters for the pages of videos."""

from django import template

from detector.models import Video
from detector.videos import selectors

register = template.Library()


@register.filter
def clock(seconds: float) -> str:
    """Return seconds as players show them: 1:05, or 1:02:03."""
    whole = int(seconds + 1e-6)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def progress(video: Video) -> selectors.Progress:
    """Return how far the analysis of a video is."""
    return selectors.progress_of(video)


@register.filter
def time_left(seconds: int | None) -> str:
    """Return about how long it still takes, in words; empty where that is not known."""
    if seconds is None:
        return ""
    if seconds < 60:
        return "less than a minute left"
    minutes = round(seconds / 60)
    return f"about {minutes} minute{'' if minutes == 1 else 's'} left"
