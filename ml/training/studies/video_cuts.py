"""Measure how well cuts of a video are told from a camera that moves.

`python -m ml.training.studies.video_cuts --photos DIR` compares pairs of frames, made from photos:
of two photos (a cut), and of one photo that moves, grows and changes its light as between two
frames that are a fifth of a second apart.
"""

import argparse
from itertools import combinations
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.training.studies import turned_photos
from ml.videos.cuts import MIN_LIKENESS, likeness

Picture = NDArray[np.uint8]
WHOLE, FRAME = (1280, 960), (800, 600)
MIN_PHOTO: Final = 200
MOVES: Final = (0.025, 0.05, 0.1)
"""Of the frame's width."""
TIMES: Final = 20
LIMITS: Final = (1.0, MIN_LIKENESS, 1.2, 1.3)


def frame(photo: Picture, place: NDArray[np.float64], zoom: float = 1.0) -> Picture:
    """Return the part of a photo whose top left corner is (x, y)."""
    width, height = (int(side / zoom) for side in FRAME)
    x, y = place.astype(int)
    return cv2.resize(photo[y : y + height, x : x + width], (640, 480)).astype(np.uint8)


def moved(photo: Picture, move: float, random: np.random.Generator) -> float:
    """Return the likeness of two frames of one shot."""
    place, angle = random.uniform(0, 300, 2), random.uniform(0, 2 * np.pi)
    step = move * FRAME[0] * np.array([np.cos(angle), np.sin(angle)])
    then = np.clip(place + step, 0, np.subtract(WHOLE, FRAME))
    lit = frame(photo, then, random.uniform(1, 1.05)) * random.uniform(0.8, 1.25)
    return likeness(frame(photo, place), np.clip(lit, 0, 255).astype(np.uint8))


def main() -> None:
    """Print which shares of cuts are missed and of moves taken for cuts, by limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    photos = [
        cv2.resize(photo, WHOLE).astype(np.uint8)
        for photo in turned_photos.photos(parser.parse_args().photos)
        if min(photo.shape[:2]) >= MIN_PHOTO
    ]
    random = np.random.default_rng(0)
    cuts = np.array(
        [
            likeness(*(frame(photo, random.uniform(0, 300, 2)) for photo in pair))
            for pair in combinations(photos, 2)
        ]
    )
    print(f"{len(photos)} photos, {len(cuts)} cuts, {TIMES * len(photos)} moves of each width")
    moves = [
        [moved(photo, move, random) for photo in photos for _ in range(TIMES)] for move in MOVES
    ]
    for limit in LIMITS:
        taken = [
            f"{move:.1%}: {np.mean(np.array(m) < limit):.2%}"
            for move, m in zip(MOVES, moves, strict=True)
        ]
        print(
            f"limit {limit}: {np.mean(cuts >= limit):.2%} of cuts missed; moves taken for cuts",
            *taken,
        )


if __name__ == "__main__":
    main()
