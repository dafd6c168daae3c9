"""Filters that show an expression: the same emoji everywhere, never colour alone."""

from collections.abc import Iterable
from typing import Final

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from detector.common.words import percent
from detector.enums import Emotion, Verdict
from detector.insights.trends import CalendarDay, HourCell

register = template.Library()
register.filter("percent", percent)

EMOJI: Final = {
    Emotion.ANGRY: "😠",
    Emotion.DISGUST: "😖",
    Emotion.FEAR: "😨",
    Emotion.HAPPY: "😀",
    Emotion.SAD: "😢",
    Emotion.SURPRISE: "😲",
    Emotion.NEUTRAL: "😐",
}
NO_EMOTION: Final = {Verdict.NOT_A_FACE: "✕", Verdict.CANNOT_TELL: "?"}
"""Characters that every font has."""


@register.filter
def emoji(emotion: str) -> str:
    """Return the emoji of an emotion, or of another verdict on a face."""
    verdict = Verdict(emotion)
    return EMOJI[Emotion(emotion)] if verdict.is_emotion else NO_EMOTION[verdict]


@register.filter
def emotion_label(emotion: str) -> str:
    """Return the display name of an emotion, or of another verdict on a face."""
    return str(Verdict(emotion).label)


@register.simple_tag
def dominant_rows(cells: Iterable[CalendarDay | HourCell], least: int = 1) -> SafeString:
    """Return table rows for the days or hours with at least `least` faces.

    Python renders them, because hundreds of rows in the template language take longer than the
    rest of the page.
    """
    return format_html_join(
        "",
        '<tr><th scope="row" class="nowrap">{}</th><td>{}</td>'
        '<td class="number">{}</td><td class="number">{}</td></tr>',
        (
            (cell.name, emotion_label(cell.dominant), f"{cell.dominant_faces:,}", f"{cell.faces:,}")
            for cell in cells
            if cell.faces >= least
        ),
    )
