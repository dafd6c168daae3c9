"""What each way to look again finds, and what it invents: `python -m ml.training.studies.looks`.

Crops are enlarged on canvases as in `ml.training.studies.framing`. Prints a Markdown table: of the
faces in which the first pass finds none, how many each of `ml.face_detection.DETECTION_PASSES`
finds by itself, how many all of them find, and how many passes that are left out would; and in how
many tiles of pictures without faces (`ml.training.faceless`) each sees one. On the validation
split, since passes are chosen by it.
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.face_detection import DETECTION_PASSES, CenterFace, DetectionPass
from ml.training import data
from ml.training.faceless import tiles
from ml.training.studies.framing import Surroundings, canvas

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
Photo = NDArray[np.uint8]


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
    crops = data.some(data.load(arguments.data, data.Split.VALIDATION), arguments.rows).images
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
