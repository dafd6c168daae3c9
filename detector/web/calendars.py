"""Heat maps for inline SVG: days of a year, hours of a week, felt against shown emotions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from detector.common import calendar
from detector.enums import Emotion
from detector.insights import trends
from detector.templatetags.emotions import EMOJI

GAP: Final = 2
MIN_OPACITY: Final = 0.3
"""Opacity of the palest cell with data, which must differ from an empty cell."""


@dataclass(frozen=True)
class Cell:
    """One square, in units of its map; without an emotion it is empty."""

    x: int
    y: int
    title: str
    emotion: str = ""
    opacity: str = "1"
    text: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Label:
    """Text beside the squares."""

    x: int
    y: int
    text: str


@dataclass(frozen=True)
class HeatMap:
    """Squares of `side`, with labels at the left and on top."""

    width: int
    height: int
    side: int
    cells: list[Cell]
    rows: list[Label] = field(default_factory=list)
    columns: list[Label] = field(default_factory=list)

    @property
    def centre(self) -> int:
        """Distance of the centre of a square from its corner."""
        return self.side // 2


def year_of_days(
    year: int, days: Iterable[trends.CalendarDay], changes: Iterable[date] = ()
) -> HeatMap:
    """Return a map of days: weeks from left to right, Monday on top.

    A cell is paler if fewer faces show the most frequent emotion.
    """
    side, left, top = 14, 34, 18
    known = {day.day: day for day in days}
    marks = set(changes)
    first = date(year, 1, 1)
    offset = first.weekday()
    cells, months = [], []
    for number in range((date(year + 1, 1, 1) - first).days if year < date.max.year else 365):
        day = first + timedelta(days=number)
        week, weekday = divmod(number + offset, 7)
        x, y = left + week * (side + GAP), top + weekday * (side + GAP)
        cells.append(_day_cell(x, y, day, known.get(day), marked=day in marks))
        if day.day == 1:
            months.append(Label(x + (side if weekday else 0), top - 6, calendar.month_name(day)))
    rows = [
        Label(left - 6, top + i * (side + GAP) + 11, trends.weekday_name(i)) for i in (0, 2, 4, 6)
    ]
    return HeatMap(left + 54 * (side + GAP), top + 7 * (side + GAP), side, cells, rows, months)


def _day_cell(x: int, y: int, day: date, found: trends.CalendarDay | None, *, marked: bool) -> Cell:
    name = calendar.day_text(day)
    if found is None:
        return Cell(x, y, f"{name}: no face", marked=marked)
    title = f"{name}: {_mostly(found)}"
    share = found.dominant_faces / found.faces
    return Cell(x, y, title, found.dominant.value, _opacity(share), marked=marked)


def week_of_hours(hours: Iterable[trends.HourCell]) -> HeatMap:
    """Return a map of hours: hours from left to right, Monday on top.

    An hour with too few faces has no emotion.
    """
    side, left, top = 30, 44, 22
    known = {(cell.weekday, cell.hour): cell for cell in hours}
    cells = []
    for weekday in range(7):
        for hour in range(24):
            x, y = left + hour * (side + GAP), top + weekday * (side + GAP)
            cells.append(_hour_cell(x, y, weekday, hour, known.get((weekday, hour))))
    rows = [Label(left - 8, top + i * (side + GAP) + 20, trends.weekday_name(i)) for i in range(7)]
    columns = [Label(left + h * (side + GAP), top - 8, f"{h:02}") for h in range(0, 24, 3)]
    return HeatMap(left + 24 * (side + GAP), top + 7 * (side + GAP), side, cells, rows, columns)


def _hour_cell(x: int, y: int, weekday: int, hour: int, found: trends.HourCell | None) -> Cell:
    name = trends.hour_name(weekday, hour)
    if found is None:
        return Cell(x, y, f"{name}: no face")
    if found.faces < trends.MIN_FOR_SHARES:
        return Cell(x, y, f"{name}: too few faces ({found.faces})", text="·")
    title = f"{name}: {_mostly(found)}"
    share = found.dominant_faces / found.faces
    return Cell(x, y, title, found.dominant.value, _opacity(share), EMOJI[found.dominant])


def felt_against_shown(agreement: trends.Agreement) -> HeatMap:
    """Return a map with a row for each felt emotion and a column for each shown one.

    A cell is paler if it is rarer in its row.
    """
    side, left, top = 46, 84, 30
    cells = []
    for row, (felt, counts) in enumerate(agreement.counts.items()):
        total = sum(counts.values())
        for column, (shown, count) in enumerate(counts.items()):
            x, y = left + column * (side + GAP), top + row * (side + GAP)
            title = f"Felt {felt.label.lower()}, showed {shown.label.lower()}: {count}"
            same = felt == shown
            if not count:
                cells.append(Cell(x, y, title, marked=same))
                continue
            opacity = _opacity(count / total)
            cells.append(Cell(x, y, title, shown.value, opacity, str(count), same))
    emotions = list(Emotion)
    rows = [
        Label(left - 10, top + i * (side + GAP) + 28, str(emotion.label))
        for i, emotion in enumerate(emotions)
    ]
    columns = [
        Label(left + i * (side + GAP) + 13, top - 8, EMOJI[emotion])
        for i, emotion in enumerate(emotions)
    ]
    return HeatMap(left + 7 * (side + GAP), top + 7 * (side + GAP), side, cells, rows, columns)


def _mostly(found: trends.CalendarDay | trends.HourCell) -> str:
    return f"mostly {found.dominant.label.lower()}, {found.dominant_faces} of {found.faces}"


def _opacity(share: float) -> str:
    return f"{MIN_OPACITY + (1 - MIN_OPACITY) * share:.2f}"
