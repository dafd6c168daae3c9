"""What each way to look again finds, and what it invents: `python -m ml.training.looks`.

Crops are enlarged on canvases as in `ml.training.framing`. Prints a Markdown table: of the faces
in which the first pass finds none, how many each of `ml.face_detection.DETECTION_PASSES` finds by
itself, how many all of them find, and how many passes that are left out would; and in how many
tiles of pictures without faces (scikit-image's) each sees one. On the validation split, since
passes are chosen by it.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import skimage.data
from numpy.typing import NDArray

from ml.face_detection import DETECTION_PASSES, CenterFace, DetectionPass
from ml.training import data
from ml.training.framing import Surroundings, canvas, some

CANVASES: Final = (
    (Surroundings.BLACK, 2),
    (Surroundings.BORDER, 2),
    (Surroundings.BORDER, 4),
)
"""Those on which the first look misses most."""
LEFT_OUT: Final = (
    DetectionPass(96, softened=True),
    DetectionPass(160, softened=True),
    DetectionPass(640),
    DetectionPass(960),
    DetectionPass(960, mirrored=True),
    DetectionPass(1600),
)
PICTURES: Any = skimage.data
FACELESS: Final = (
    *("brick", "cell", "chelsea", "clock", "coffee", "coins", "grass", "gravel", "horse"),
    *("hubble_deep_field", "immunohistochemistry", "moon", "page", "retina", "rocket", "text"),
)
TILES: Final = (128, 256)
"""Sides of the tiles, in pixels."""
Photo = NDArray[np.uint8]


def tiles() -> list[Photo]:
    """Squares of the pictures without faces, side by side."""
    pictures = [_rgb(getattr(PICTURES, name)()) for name in FACELESS]
    pictures.append(_rgb(PICTURES.stereo_motorcycle()[0]))
    return [
        np.ascontiguousarray(picture[top : top + side, left : left + side])
        for side in TILES
        for picture in pictures
        for top in range(0, picture.shape[0] - side + 1, side)
        for left in range(0, picture.shape[1] - side + 1, side)
    ]


def _rgb(picture: NDArray[Any]) -> Photo:
    """Of one that may be grey or black and white."""
    pixels = picture.astype(np.uint8) * (255 if picture.dtype == np.bool_ else 1)
    return pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=-1)


def seen(photos: list[Photo], *looks: DetectionPass) -> int:
    """In how many photos there is a face for a detector that looks again like that."""
    detector = CenterFace(passes=looks)
    return sum(bool(detector.detect(photo)) for photo in photos)


def missed(crops: NDArray[np.uint8], around: Surroundings, enlarge: int) -> list[Photo]:
    """The canvases on which one look finds no face."""
    detector = CenterFace(passes=())
    photos = (canvas(crop, enlarge, around) for crop in crops)
    return [photo for photo in photos if not detector.detect(photo)]


def name(look: DetectionPass) -> str:
    """As the table says it."""
    ways = [str(look.side), *["mirrored"] * look.mirrored, *["half contrast"] * look.softened]
    return ", ".join(ways)


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Measure what looking again finds.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--rows", type=int, default=600, help="images to draw at random")
    arguments = parser.parse_args()
    crops = some(data.load(arguments.data, data.Split.VALIDATION), arguments.rows).images
    columns = {
        f"×{enlarge}, {around}": missed(crops, around, enlarge) for around, enlarge in CANVASES
    }
    columns["tiles without a face"] = tiles()
    heads = [f"{column} ({len(photos)})" for column, photos in columns.items()]
    print(f"| look | {' | '.join(heads)} |")
    print(f"|{' --- |' * (1 + len(columns))}")
    ways = {
        "first only": (),
        **{name(look): (look,) for look in DETECTION_PASSES},
        "**all of these**": DETECTION_PASSES,
    }
    ways |= {f"left out: {name(look)}": (look,) for look in LEFT_OUT}
    for way, looks in ways.items():
        found = [seen(photos, *looks) for photos in columns.values()]
        print(f"| {way} | {' | '.join(map(str, found))} |", flush=True)


if __name__ == "__main__":
    main()
