"""How an expression is shown: the same emoji and colour everywhere, never colour alone."""

from typing import Final

from django import template

from detector.enums import Emotion

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


@register.filter
def emoji(emotion: str) -> str:
    """The emoji of an emotion."""
    return EMOJI[Emotion(emotion)]


@register.filter
def emotion_label(emotion: str) -> str:
    """The name of an emotion for people."""
    return str(Emotion(emotion).label)


@register.filter
def percent(share: float) -> str:
    """A share in [0, 1] as a whole percentage; tiny is not shown as nothing, nor nearly as all."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %")
