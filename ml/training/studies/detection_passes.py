"""Measure what the detector finds in hard photos: `python -m ml.training.studies.detection_passes`.

Faces of FER2013, enlarged to photos of 48 to 600 pixels: cut to the face, with some surroundings,
cut by the frame, and dark. Prints a Markdown table: in how many of these photos, and of tiles of
pictures without faces (`ml.training.faceless`), the detector sees a face, with its first pass
only, with one further pass, and with all of `ml.face_detection.DETECTION_PASSES`. On the
validation split, since passes are chosen by it.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.detection_views import DetectionPass
from ml.face_detection import DETECTION_PASSES, CenterFace
from ml.training import data, metrics
from ml.training.faceless import tiles

SIDES: Final = (48, 80, 128, 200, 320, 480, 600)
"""Sides of the photos in pixels, taken in turns."""
LEFT_OUT: Final = (DetectionPass(96, 256), DetectionPass(160, 224), DetectionPass(240, 256))
"""Passes that were tried and left out."""
Photo = NDArray[np.uint8]


def photos(crops: NDArray[np.uint8]) -> dict[str, list[Photo]]:
    """Return each kind of photo of the faces (N, 48, 48): RGB, (H, W, 3) uint8."""
    enlarged = [_enlarged(crop, SIDES[row % len(SIDES)]) for row, crop in enumerate(crops)]
    random = np.random.default_rng(5)
    kinds: dict[str, Callable[[int, Photo], Photo]] = {
        "cut to the face": lambda _, photo: photo,
        "10 % of surroundings": lambda _, photo: _padded(photo, 0.1, cv2.BORDER_REPLICATE),
        "20 % of grey": lambda _, photo: _padded(photo, 0.2, cv2.BORDER_CONSTANT),
        "a quarter beyond the frame": _without_a_quarter,
        "dark": lambda _, photo: _dark(photo, random),
    }
    return {
        kind: [_rgb(make(row, photo)) for row, photo in enumerate(enlarged)]
        for kind, make in kinds.items()
    }


def _enlarged(crop: Photo, side: int) -> Photo:
    return np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def _padded(photo: Photo, share: float, border: int) -> Photo:
    width = round(share * len(photo))
    padded = cv2.copyMakeBorder(photo, width, width, width, width, border, value=128)
    return np.asarray(padded, np.uint8)


def _without_a_quarter(row: int, photo: Photo) -> Photo:
    lost = len(photo) // 4
    return (photo[lost:], photo[:-lost], photo[:, lost:], photo[:, :-lost])[row % 4]


def _dark(photo: Photo, random: np.random.Generator) -> Photo:
    """Leave 8 to 30 % of the light, and add the noise of a camera."""
    light = photo * random.uniform(0.08, 0.3) + random.normal(0, 3, photo.shape)
    return light.clip(0, 255).astype(np.uint8)


def _rgb(grey: Photo) -> Photo:
    return np.ascontiguousarray(np.stack([grey] * 3, axis=-1))


def seen(kind: list[Photo], *passes: DetectionPass) -> int:
    """Return in how many photos a detector with these further passes sees a face."""
    detector = CenterFace(passes=passes)
    return sum(bool(detector.detect(photo)) for photo in kind)


def row(name: str, kinds: dict[str, list[Photo]], *passes: DetectionPass) -> str:
    """Return a row of the table."""
    cells = [name]
    for kind in kinds.values():
        count = seen(kind, *passes)
        least, most = metrics.wilson_interval(count, len(kind))
        cells.append(f"{count / len(kind):.1%} ({least:.1%} to {most:.1%})")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Measure what the detector's passes find.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--rows", type=int, default=300, help="faces to draw at random")
    parser.add_argument("--all-passes-only", action="store_true", help="leave out the single ones")
    arguments = parser.parse_args()
    faces = data.some(data.load(arguments.data, data.Split.VALIDATION), arguments.rows)
    kinds = photos(faces.images) | {"without a face": tiles()}
    heads = [f"{kind} ({len(members)})" for kind, members in kinds.items()]
    print(f"| passes | {' | '.join(heads)} |\n|{' --- |' * (1 + len(kinds))}")
    print(row("first only", kinds), flush=True)
    single = () if arguments.all_passes_only else (*DETECTION_PASSES, *LEFT_OUT)
    for detection_pass in single:
        name = f"and {detection_pass.side} px in {detection_pass.wall} px"
        print(row(name, kinds, detection_pass), flush=True)
    print(row("**and those that serve**", kinds, *DETECTION_PASSES), flush=True)


if __name__ == "__main__":
    main()
