"""Draw simple faces for demo photos."""

import io
import math
import random
from typing import Final

from PIL import Image, ImageDraw

from detector.enums import Emotion

SIZE: Final = (480, 360)
"""Width and height; small enough to serve as the thumbnail."""
RADIUS: Final = 110
SCALE: Final = 2
"""Supersampling factor, for smooth edges."""

SKINS: Final = ("#f3d3b8", "#e0ac85", "#c68d63", "#9a6643", "#6d4630")
WALLS: Final = ("#cfe3e2", "#e8e1d3", "#d8dcec", "#e9d8d8", "#d7e4cf", "#dcd3e6")

# Of each expression, as shares of the radius: how far the corners of the mouth are up, how far it
# is open, and how far the inner and the outer ends of the brows are up.
SHAPES: Final = {
    Emotion.ANGRY: (-0.16, 0.0, -0.14, 0.08),
    Emotion.DISGUST: (-0.12, 0.06, -0.08, 0.0),
    Emotion.FEAR: (-0.06, 0.18, 0.14, -0.02),
    Emotion.HAPPY: (0.24, 0.0, 0.04, 0.04),
    Emotion.SAD: (-0.2, 0.0, 0.12, -0.08),
    Emotion.SURPRISE: (0.0, 0.3, 0.16, 0.16),
    Emotion.NEUTRAL: (0.0, 0.0, 0.0, 0.0),
}


def centres(faces: int) -> list[tuple[int, int]]:
    """Return the centre of each face in pixels; faces are side by side."""
    width, height = SIZE
    return [(width * (2 * i + 1) // (2 * faces), height // 2 + 10) for i in range(faces)]


def draw(emotions: tuple[Emotion, ...], seed: int) -> bytes:
    """Draw faces, or a landscape without any, as JPEG of `SIZE`; the seed chooses the colours."""
    chance = random.Random(seed)  # noqa: S311
    canvas = Image.new("RGB", (SIZE[0] * SCALE, SIZE[1] * SCALE), chance.choice(WALLS))
    pen = ImageDraw.Draw(canvas)
    if not emotions:
        _hills(pen, chance)
    for emotion, (x, y) in zip(emotions, centres(len(emotions)), strict=True):
        _face(pen, emotion, x * SCALE, y * SCALE, chance.choice(SKINS))
    buffer = io.BytesIO()
    canvas.resize(SIZE, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def _face(pen: ImageDraw.ImageDraw, emotion: Emotion, x: int, y: int, skin: str) -> None:
    r = RADIUS * SCALE
    corners, opening, inner, outer = (share * r for share in SHAPES[emotion])
    pen.ellipse((x - r * 0.92, y - r * 1.1, x + r * 0.92, y + r * 0.6), fill="#3d2f29")
    pen.ellipse((x - r * 0.8, y - r, x + r * 0.8, y + r), fill=skin)
    for side in (-1, 1):
        eye = x + side * 0.32 * r
        pen.ellipse((eye - 0.13 * r, y - 0.24 * r, eye + 0.13 * r, y - 0.04 * r), fill="white")
        pen.ellipse((eye - 0.06 * r, y - 0.2 * r, eye + 0.06 * r, y - 0.08 * r), fill="#2b211d")
        brow = [
            (x + side * 0.16 * r, y - 0.36 * r - inner),
            (eye + side * 0.16 * r, y - 0.36 * r - outer),
        ]
        pen.line(brow, fill="#2b211d", width=int(0.06 * r))
    pen.line(
        [(x, y - 0.04 * r), (x - 0.07 * r, y + 0.2 * r), (x + 0.05 * r, y + 0.21 * r)],
        fill="#7a5a48",
        width=int(0.03 * r),
        joint="curve",
    )
    mouth = y + 0.5 * r
    if opening:
        box = (x - 0.22 * r, mouth - opening * 0.6, x + 0.22 * r, mouth + opening * 0.6)
        pen.ellipse(box, fill="#6b2323")
        return
    # The middle of the lips goes down as the corners go up.
    along = [i / 12 for i in range(-12, 13)]
    curve = [(x + t * 0.36 * r, mouth - corners * (t * t - 0.5)) for t in along]
    pen.line(curve, fill="#8c3b35", width=int(0.06 * r), joint="curve")


def _hills(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    width, height = SIZE[0] * SCALE, SIZE[1] * SCALE
    pen.ellipse((width * 0.7, height * 0.12, width * 0.82, height * 0.28), fill="#f4d06a")
    for level, colour in ((0.55, "#9cb9a0"), (0.68, "#7da083"), (0.82, "#5d8466")):
        phase = chance.random() * 6
        edge = [
            (i, height * (level + 0.06 * math.sin(phase + 6 * i / width)))
            for i in range(0, width + 1, 8)
        ]
        pen.polygon([*edge, (width, height), (0, height)], fill=colour)
