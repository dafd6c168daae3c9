"""What is read in turned photos: `python -m ml.training.studies.turned_photos --photos FOLDER`.

Every photo with a large face is turned in steps of 30 degrees about its middle, amid its mean
colour. Prints a Markdown table: for each angle, how often the largest face is found where it is, is
named as in the upright photo, and is certain although it is named otherwise.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml import images, inference
from ml.training import metrics
from ml.types import Box, FaceAnalysis

ANGLES: Final = range(0, 360, 30)
MIN_SIZE: Final = 40.0
"""Pixels of the largest face of a photo that counts."""
MAX_SIDE: Final = 640
"""Larger photos are shrunk to this long side."""
MAX_SHIFT: Final = 0.5
"""Distance from where the face is, in sizes of the face, at which it is found."""
COLUMNS: Final = ("turned by", "found", "named as upright", "certain and otherwise")
Photo = NDArray[np.uint8]


def turned(photo: Photo, degrees: float) -> tuple[Photo, NDArray[np.float64]]:
    """Return the photo turned counter-clockwise, and (2, 3) from its pixels to the result's."""
    height, width = photo.shape[:2]
    matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1), np.float64)
    reach = np.abs(matrix[:, :2])
    size = np.ceil(reach @ (width, height)).astype(int)
    matrix[:, 2] += (size - (width, height)) / 2
    mean = [float(value) for value in photo.mean(axis=(0, 1))]
    wide, tall = size.tolist()
    result = cv2.warpAffine(photo, matrix, (wide, tall), borderValue=mean)
    return np.asarray(result, np.uint8), matrix


def photos(folder: Path) -> Iterator[Photo]:
    """Yield the readable photos of a folder, upright and at most `MAX_SIDE` wide and high."""
    for path in sorted(folder.iterdir()):
        try:
            with path.open("rb") as file:
                photo = images.decode(file).rgb
        except (images.ImageError, OSError):
            continue
        scale = min(MAX_SIDE / max(photo.shape[:2]), 1.0)
        shrunk = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        yield np.asarray(shrunk, np.uint8)


def largest(faces: list[FaceAnalysis]) -> FaceAnalysis | None:
    """Return the largest of the faces that are certain."""
    known = [face for face in faces if not face.uncertain and face.quality.face_size >= MIN_SIZE]
    return max(known, key=lambda face: face.quality.face_size, default=None)


def _middle(box: Box) -> NDArray[np.float64]:
    return np.array([box.x + box.width / 2, box.y + box.height / 2])


def seen(
    analyser: inference.Analyser, photo: Photo, face: FaceAnalysis, degrees: float
) -> FaceAnalysis | None:
    """Return the same face in the photo turned by that much."""
    picture, matrix = turned(photo, degrees)
    place = matrix[:, :2] @ _middle(face.box) + matrix[:, 2]
    near = [
        other
        for other in analyser.analyse(picture)
        if np.linalg.norm(_middle(other.box) - place) <= MAX_SHIFT * face.quality.face_size
    ]
    return max(near, key=lambda other: other.detection_score, default=None)


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Measure what is read in turned photos.")
    parser.add_argument("--photos", type=Path, required=True, help="a folder of photos")
    parser.add_argument("--version", help="name of the weights")
    arguments = parser.parse_args()
    analyser = inference.load(arguments.version)
    upright = [(photo, largest(analyser.analyse(photo))) for photo in photos(arguments.photos)]
    known = [(photo, face) for photo, face in upright if face is not None]
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}")
    totals = np.zeros(3, int)
    for degrees in ANGLES:
        pairs = [(face, seen(analyser, photo, face, degrees)) for photo, face in known]
        found = [(face, again) for face, again in pairs if again is not None]
        alike = sum(face.emotion == again.emotion for face, again in found)
        wrong = sum(face.emotion != again.emotion and not again.uncertain for face, again in found)
        totals += (len(found), alike, wrong)
        print(f"| {degrees}° | {len(found)} | {alike} | {wrong} |", flush=True)
    shown = [int(total) for total in totals]
    low, high = metrics.wilson_interval(shown[2], len(known) * len(ANGLES))
    print(f"| **all {len(known) * len(ANGLES)}** | {shown[0]} | {shown[1]} | ", end="")
    print(f"{shown[2]} (95 %: {low:.1%} to {high:.1%}) |")


if __name__ == "__main__":
    main()
