"""How an expression is shown: the same emoji and colour everywhere, never colour alone."""

from collections.abc import Iterable
from typing import Final

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from detector.enums import Emotion, Verdict
from detector.insights.trends import CalendarDay, HourCell

register = template.Library()

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
"""Signs that every font has."""


@register.filter
def emoji(emotion: str) -> str:
    """The emoji of an emotion, or of another verdict on a face."""
    verdict = Verdict(emotion)
    return EMOJI[Emotion(emotion)] if verdict.is_emotion else NO_EMOTION[verdict]


@register.filter
def emotion_label(emotion: str) -> str:
    """The name of an emotion, or of another verdict on a face, for people."""
    return str(Verdict(emotion).label)


@register.filter
def percent(share: float) -> str:
    """A share in [0, 1] as a whole percentage; tiny is not shown as nothing, nor nearly as all."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %")


@register.simple_tag
def dominant_rows(cells: Iterable[CalendarDay | HourCell], least: int = 1) -> SafeString:
    """Rows of a table of days or hours that have so many faces.

    Made in one go: hundreds of rows take the template language longer than the rest of the page.
    """
    return format_html_join(
        "",
        '<tr><th scope="row" class="nowrap">{}</th><td>{}</td>'
        '<td class="number">{}</td><td class="number">{}</td></tr>',
        (
            (cell.name, emotion_label(cell.dominant), cell.dominant_faces, cell.faces)
            for cell in cells
            if cell.faces >= least
        ),
    )
