"""Filters for live sessions: lengths, and shares of expressions."""

from collections.abc import Mapping
from typing import Final

from django import template

from detector.common.words import percent
from detector.enums import Emotion

register = template.Library()

WIDTH: Final = 1000
"""Width of the strip of a session."""
NAMED: Final = 3
"""Expressions that a sentence names."""


@register.filter
def duration(seconds: int) -> str:
    """Return a length in words: 75 becomes “1 min 15 s”."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "0 s"


@register.filter
def clock(second: int) -> str:
    """Return a second of a session as minutes and seconds: 75 becomes “1:15”."""
    return f"{second // 60}:{second % 60:02}"


@register.filter
def strip(totals: Mapping[str, int]) -> list[dict[str, object]]:
    """Return the emotions of a session as parts of a strip, the most frequent first."""
    parts: list[dict[str, object]] = []
    whole, x = sum(totals.values()), 0.0
    for name, seconds in _ordered(totals):
        width = WIDTH * seconds / whole
        parts.append({"emotion": name, "x": round(x, 2), "width": round(width, 2)})
        x += width
    return parts


@register.filter
def in_words(totals: Mapping[str, int]) -> str:
    """Return the most frequent emotions with their shares: “Happy 60 %, Neutral 40 %”."""
    whole = sum(totals.values())
    return ", ".join(
        f"{Emotion(name).label} {percent(seconds / whole)}"
        for name, seconds in _ordered(totals)[:NAMED]
    )


def _ordered(totals: Mapping[str, int]) -> list[tuple[str, int]]:
    seen = [(name, seconds) for name, seconds in totals.items() if seconds]
    return sorted(seen, key=lambda pair: -pair[1])
