"""Pictures without a face, drawn at random: what a detector must not be certain of.

`KINDS` holds one function a kind, from a random generator to a picture (H, W, 3) uint8 RGB. Two
pictures of one kind differ in colours, sizes and places, so that a rule which holds for a kind
was not fitted to a single drawing.
"""

import math
import string
from collections.abc import Callable
from typing import Any, Final

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.random import Generator
from numpy.typing import NDArray

from ml.training.faceless import tiles

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
SIDES: Final = (160, 640)
"""Least and largest side of a picture, in pixels."""
FONTS: Final = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
)


def _colour(random: Generator, low: int = 0, high: int = 256) -> Colour:
    red, green, blue = random.integers(low, high, 3).tolist()
    return red, green, blue


def _paper(random: Generator) -> Picture:
    """Return an empty page, light or dark."""
    height, width = random.integers(*SIDES, 2)
    page = np.empty((height, width, 3), np.uint8)
    page[:] = _colour(random, 200, 256) if random.random() < 0.7 else _colour(random, 0, 90)
    return page


def _place(random: Generator, page: Picture) -> tuple[int, int]:
    return int(random.integers(0, page.shape[1])), int(random.integers(0, page.shape[0]))


def _word(random: Generator) -> str:
    letters = list(string.ascii_letters + string.digits + "%.-")
    return "".join(random.choice(letters, int(random.integers(1, 9))))


def _write(random: Generator, page: Picture, text: str, place: tuple[int, int]) -> None:
    font, size = int(random.choice(FONTS)), random.uniform(0.3, 1.2)
    thick = int(random.integers(1, 3))
    cv2.putText(page, text, place, font, size, _colour(random), thick, cv2.LINE_AA)


def _plotted(random: Generator, draw: Callable[[Any], None], **axes: Any) -> Picture:
    """Return what `draw` draws with matplotlib on a figure of random size."""
    inches = random.uniform(2, 6.4, 2)
    figure: Any = Figure(figsize=tuple(inches), dpi=100)
    canvas: Any = FigureCanvasAgg(figure)
    draw(figure.subplots(**axes))
    if random.random() < 0.5:
        figure.suptitle(_word(random))
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def axes(random: Generator) -> Picture:
    """Draw axes with few or no lines in them, labels and ticks."""

    def draw(plot: Any) -> None:
        for _ in range(int(random.integers(0, 3))):
            plot.plot(random.normal(0, 1, int(random.integers(2, 9))))
        if random.random() < 0.6:
            plot.set(xlabel=_word(random), ylabel=_word(random), title=_word(random))
        plot.grid(random.random() < 0.4)
        plot.locator_params(nbins=int(random.integers(2, 12)))
        if random.random() < 0.3:
            plot.set_axis_off()

    return _plotted(random, draw)


def bars(random: Generator) -> Picture:
    """Draw a bar chart."""

    def draw(plot: Any) -> None:
        count = int(random.integers(2, 15))
        drawn = plot.barh if random.random() < 0.5 else plot.bar
        drawn([_word(random) for _ in range(count)], random.uniform(0, 9, count))

    return _plotted(random, draw)


def pies(random: Generator) -> Picture:
    """Draw a pie or a ring."""

    def draw(plot: Any) -> None:
        parts = random.uniform(0.5, 5, int(random.integers(2, 8)))
        ring = {"width": random.uniform(0.2, 0.6)} if random.random() < 0.5 else {}
        plot.pie(parts, labels=[_word(random) for _ in parts], wedgeprops=ring)

    return _plotted(random, draw)


def scatters(random: Generator) -> Picture:
    """Draw points, some of them a legend's."""

    def draw(plot: Any) -> None:
        for _ in range(int(random.integers(1, 4))):
            count = int(random.integers(2, 60))
            size = random.uniform(5, 400)
            plot.scatter(*random.normal(0, 1, (2, count)), s=size, label=_word(random))
        plot.legend()

    return _plotted(random, draw)


def panels(random: Generator) -> Picture:
    """Draw several small plots, or pictures of numbers, in rows."""
    maps = list(mpl.colormaps)

    def draw(plots: Any) -> None:
        for plot in np.ravel(plots):
            if random.random() < 0.5:
                shape = random.integers(2, 12, 2)
                plot.imshow(random.uniform(0, 1, shape), cmap=str(random.choice(maps)))
            else:
                plot.plot(random.normal(0, 1, 20).cumsum())

    rows, columns = random.integers(1, 4, 2).tolist()
    return _plotted(random, draw, nrows=rows, ncols=columns)


def dials(random: Generator) -> Picture:
    """Draw clocks and gauges: circles with marks and hands."""
    page = _paper(random)
    for _ in range(int(random.integers(1, 4))):
        x, y = _place(random, page)
        radius = int(random.integers(20, min(page.shape[:2]) // 2))
        cv2.circle(page, (x, y), radius, _colour(random), -1, cv2.LINE_AA)
        cv2.circle(page, (x, y), radius, _colour(random), int(random.integers(1, 9)), cv2.LINE_AA)
        marks = int(random.choice([4, 8, 12, 24, 60]))
        hands = random.uniform(0, 2 * math.pi, int(random.integers(1, 4))).tolist()
        ink = _colour(random)
        for angle in (2 * math.pi * mark / marks for mark in range(marks)):
            _spoke(page, (x, y), (0.85 * radius, 0.95 * radius), angle, ink)
        for angle in hands:
            _spoke(page, (x, y), (0, radius * random.uniform(0.4, 0.8)), angle, ink, 3)
    return page


def _spoke(
    page: Picture,
    centre: tuple[int, int],
    reach: tuple[float, float],
    angle: float,
    ink: Colour,
    thick: int = 1,
) -> None:
    x, y = centre
    start, end = (
        (round(x + far * math.cos(angle)), round(y + far * math.sin(angle))) for far in reach
    )
    cv2.line(page, start, end, ink, thick, cv2.LINE_AA)


def graph_paper(random: Generator) -> Picture:
    """Draw lines at even distances, sometimes with a curve."""
    page = _paper(random)
    step, ink = int(random.integers(6, 50)), _colour(random)
    thick = int(random.integers(1, 4))
    for x in range(0, page.shape[1], step):
        cv2.line(page, (x, 0), (x, page.shape[0]), ink, thick)
    for y in range(0, page.shape[0], step):
        cv2.line(page, (0, y), (page.shape[1], y), ink, thick)
    if random.random() < 0.5:
        points = np.array([_place(random, page) for _ in range(6)], np.int32)
        cv2.polylines(page, [points], False, _colour(random), 2, cv2.LINE_AA)
    return page


def tables(random: Generator) -> Picture:
    """Draw cells with words."""
    page = _paper(random)
    wide, tall = int(random.integers(40, 130)), int(random.integers(18, 50))
    ink = _colour(random)
    for y in range(0, page.shape[0], tall):
        for x in range(0, page.shape[1], wide):
            cv2.rectangle(page, (x, y), (x + wide, y + tall), ink, 1)
            _write(random, page, _word(random), (x + 4, y + tall - 6))
    return page


def texts(random: Generator) -> Picture:
    """Draw lines of words."""
    page = _paper(random)
    step = int(random.integers(14, 60))
    for y in range(step, page.shape[0], step):
        line = " ".join(_word(random) for _ in range(int(random.integers(1, 9))))
        _write(random, page, line, (int(random.integers(0, 30)), y))
    return page


def drawings(random: Generator) -> Picture:
    """Draw circles, boxes and lines anywhere."""
    page = _paper(random)
    for _ in range(int(random.integers(3, 30))):
        one, other = _place(random, page), _place(random, page)
        thick = int(random.choice([-1, 1, 2, 5]))
        shape = int(random.integers(0, 3))
        if shape == 0:
            cv2.rectangle(page, one, other, _colour(random), thick, cv2.LINE_AA)
        elif shape == 1:
            half = random.integers(4, 120, 2).tolist()
            turn = random.uniform(0, 180)
            cv2.ellipse(page, one, half, turn, 0, 360, _colour(random), thick, cv2.LINE_AA)
        else:
            cv2.line(page, one, other, _colour(random), abs(thick), cv2.LINE_AA)
    return page


def patterns(random: Generator) -> Picture:
    """Draw a repeated motif: dots, stripes, checks or waves."""
    height, width = random.integers(*SIDES, 2)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    angle, length = random.uniform(0, math.pi), random.uniform(8, 120)
    across = (x * math.cos(angle) + y * math.sin(angle)) * 2 * math.pi / length
    along = (y * math.cos(angle) - x * math.sin(angle)) * 2 * math.pi / length
    waves = (np.sin(across), np.sin(across) * np.sin(along), np.sin(across) + np.sin(along))
    wave = waves[int(random.integers(0, 3))]
    if random.random() < 0.5:
        wave = np.sign(wave - random.uniform(-0.7, 0.7))
    share = ((wave - wave.min()) / max(float(np.ptp(wave)), 1e-9))[..., None]
    mixed = share * _colour(random) + (1 - share) * np.array(_colour(random))
    return np.asarray(mixed, np.uint8)


def screens(random: Generator) -> Picture:
    """Draw windows with bars, buttons, round icons and words."""
    page = _paper(random)
    for _ in range(int(random.integers(2, 9))):
        (left, top), size = _place(random, page), random.integers(40, 260, 2)
        right, bottom = left + int(size[0]), top + int(size[1])
        cv2.rectangle(page, (left, top), (right, bottom), _colour(random), -1)
        cv2.rectangle(page, (left, top), (right, top + 16), _colour(random), -1)
        for at in range(3):
            cv2.circle(page, (left + 10 + 14 * at, top + 8), 5, _colour(random), -1, cv2.LINE_AA)
        for y in range(top + 36, bottom, 24):
            _write(random, page, _word(random), (left + 6, y))
    return page


def clippings(random: Generator) -> Picture:
    """Cut parts out of photos of things, enlarged or shrunk, sometimes turned."""
    everything = tiles()
    tile = everything[int(random.integers(0, len(everything)))]
    scale = random.uniform(0.5, 3)
    sized = cv2.resize(tile, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    turned = np.rot90(sized, int(random.integers(0, 4)))
    return np.ascontiguousarray(turned[:, :: int(random.choice([-1, 1]))], np.uint8)


KINDS: Final[dict[str, Callable[[Generator], Picture]]] = {
    "axes": axes,
    "bar charts": bars,
    "pies": pies,
    "points": scatters,
    "panels": panels,
    "dials": dials,
    "graph paper": graph_paper,
    "tables": tables,
    "texts": texts,
    "drawings": drawings,
    "patterns": patterns,
    "screens": screens,
    "parts of photos": clippings,
}


def pictures(kind: str, count: int, seed: int = 2013) -> list[Picture]:
    """Return that many pictures of a kind, always the same ones."""
    generator = np.random.default_rng([seed, list(KINDS).index(kind)])
    return [KINDS[kind](generator) for _ in range(count)]
