"""Shapes of the charts of a live session, for SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from detector.enums import Emotion
from detector.live import series
from detector.live.series import Run, Second
from detector.models import LiveSession

WIDTH: Final = 1000
HEIGHT: Final = 100
POINTS: Final = 300
"""Most points of a line: a longer session is averaged."""


@dataclass(frozen=True)
class Band:
    """A run as a rectangle: left edge and width in `WIDTH`."""

    x: float
    width: float
    run: Run


@dataclass(frozen=True)
class FaceChart:
    """One face of a session: its runs as a band, and a line for each emotion."""

    number: int
    seconds: int
    bands: list[Band]
    lines: list[tuple[str, str]]


@dataclass(frozen=True)
class Share:
    """The share of an expression in all seconds of a session."""

    emotion: str
    seconds: int
    share: float


def faces_of(session: LiveSession) -> list[FaceChart]:
    """Return the charts of all faces."""
    seconds = series.seconds_of(session.faces, session.corrections)
    return [
        _face(session, number, list(group)) for number, group in groupby(seconds, lambda s: s.face)
    ]


def shares_of(session: LiveSession) -> list[Share]:
    """Return the expressions of a session, the most frequent first, without those not seen."""
    return shares({Emotion(name): count for name, count in session.totals.items()})


def shares(seconds: dict[Emotion, int]) -> list[Share]:
    """Return the shares of emotions by their seconds, the most frequent first."""
    whole = sum(seconds.values())
    ordered = sorted(seconds.items(), key=lambda pair: -pair[1])
    return [Share(name.value, count, count / whole) for name, count in ordered if count]


def _face(session: LiveSession, number: int, seconds: list[Second]) -> FaceChart:
    scale = WIDTH / session.seconds
    bands = [
        Band(round(run.first * scale, 2), round((run.until - run.first) * scale, 2), run)
        for run in series.runs(seconds)
    ]
    lines = [
        (emotion.value, _path(session.seconds, seconds, at)) for at, emotion in enumerate(Emotion)
    ]
    return FaceChart(number, len(seconds), bands, lines)


def _path(length: int, seconds: Sequence[Second], emotion: int) -> str:
    """Return the path of a probability, with gaps where the face was not seen."""
    step = max(-(-length // POINTS), 1)
    parts, before = [], -2
    for place, group in groupby(seconds, lambda second: second.second // step):
        values = [second.probabilities[emotion] for second in group]
        x = (place + 0.5) * step * WIDTH / length
        y = HEIGHT * (1 - sum(values) / len(values))
        parts.append(f"{'L' if place == before + 1 else 'M'}{x:.1f} {y:.1f}")
        before = place
    return "".join(parts)
