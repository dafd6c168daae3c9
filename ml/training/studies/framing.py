"""Measure how FER2013 frames its faces: `python -m ml.training.studies.framing --data FILE.npz`.

FER2013 holds no photos, only 48×48 crops. So each crop is enlarged in the middle of a canvas, the
serving detector looks for the face, and the crop's square, known exactly, is compared with what the
detector found. Candidates for predicting the square's side and centre from a detection are compared
by their spread over the train split; the best give the constants of `ml.preprocessing`. What the
path then costs: `ml.training.studies.whole_path`.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml import centerface_graph, preprocessing
from ml.face_detection import CenterFace
from ml.preprocessing import CROP_SIZE
from ml.training import data
from ml.types import Box, FaceDetection

CANVAS: Final = 480
"""Pixels; the detector neither enlarges nor shrinks a picture of this size."""
ENLARGEMENTS: Final = (3, 4, 5)
"""Faces of 130 to 210 pixels. The detector's box grows a little with the face, smaller ones are
rarely found without hair and neck around them, larger ones are rare in photos."""
MAD_TO_DEVIATION: Final = 1.4826
"""Turns the median absolute deviation of a normal distribution into its standard deviation."""


class Surroundings(StrEnum):
    """What lies around a crop on its canvas."""

    BORDER = "its border repeated"
    GREY = "grey"
    BLACK = "black"
    NOISE = "noise"


def canvas(
    crop: NDArray[np.uint8], enlarge: int, around: Surroundings = Surroundings.BORDER
) -> NDArray[np.uint8]:
    """Return a crop (48, 48), enlarged, in the middle of an RGB picture (480, 480, 3)."""
    side = CROP_SIZE * enlarge
    place = (CANVAS - side) // 2
    large = np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
    picture = _background(large, place, around)
    picture[place : place + side, place : place + side] = large
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8)


def _background(large: NDArray[np.uint8], place: int, around: Surroundings) -> NDArray[np.uint8]:
    if around is Surroundings.BORDER:
        border = cv2.copyMakeBorder(large, place, place, place, place, cv2.BORDER_REPLICATE)
        return np.asarray(border, np.uint8)
    if around is Surroundings.NOISE:
        return np.random.default_rng(2013).integers(0, 256, (CANVAS, CANVAS), np.uint8)
    return np.full((CANVAS, CANVAS), 128 if around is Surroundings.GREY else 0, np.uint8)


def detections(
    crops: NDArray[np.uint8],
    enlarge: int,
    around: Surroundings = Surroundings.BORDER,
    graph: centerface_graph.Graph = centerface_graph.INT8,
) -> Iterator[tuple[int, FaceDetection]]:
    """Yield row and best detection of every crop in which a face is found."""
    detector = CenterFace(graph=graph)
    for row, crop in enumerate(crops):
        faces = detector.detect(canvas(crop, enlarge, around))
        if faces:
            yield row, max(faces, key=lambda face: face.score)


def _in_sides(face: FaceDetection, enlarge: int) -> FaceDetection:
    """Return the detection in units of the crop's side, from the crop's centre."""
    side, half = CROP_SIZE * enlarge, CANVAS / 2
    box, landmarks = face.box, face.landmarks
    moved = Box((box.x - half) / side, (box.y - half) / side, box.width / side, box.height / side)
    points = None if landmarks is None else ((landmarks - half) / side).astype(np.float32)
    return replace(face, box=moved, landmarks=points)


def sizes(face: FaceDetection) -> dict[str, float]:
    """Return candidates for the face's size."""
    box, points = face.box, _points(face)
    eyes = float(np.linalg.norm(points[1] - points[0]))
    mouth = float(np.linalg.norm(points[3:].mean(axis=0) - points[:2].mean(axis=0)))
    area = float(np.sqrt(box.width * box.height))
    return {
        "root of box area": area,
        "box width": box.width,
        "box height": box.height,
        "eye distance": eyes,
        "eyes to mouth": mouth,
        "eye distance + eyes to mouth": eyes + mouth,
        "root of (box root · eyes to mouth)": float(np.sqrt(area * mouth)),
    }


def centres(face: FaceDetection) -> dict[str, NDArray[np.float64]]:
    """Return candidates for the face's centre, (2,) each."""
    box, points = face.box, _points(face)
    middle = np.array([box.x + box.width / 2, box.y + box.height / 2])
    features = (points[:2].mean(axis=0) + points[3:].mean(axis=0)) / 2
    return {
        "box": middle,
        "eyes": points[:2].mean(axis=0),
        "nose": points[2],
        "eyes and mouth": features,
        "box with eyes and mouth": (middle + features) / 2,
    }


def _points(face: FaceDetection) -> NDArray[np.float64]:
    if face.landmarks is None:
        raise ValueError("this measurement needs landmarks")
    return face.landmarks.astype(np.float64)


def _turned(point: NDArray[np.float64], roll: float) -> NDArray[np.float64]:
    """Return a point in the frame of a face that is turned clockwise by `roll` degrees."""
    angle = np.radians(roll)
    x, y = point
    return np.array([x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)])


def spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the robust standard deviation along the first axis."""
    distance = np.abs(values - np.median(values, axis=0))
    return np.asarray(MAD_TO_DEVIATION * np.median(distance, axis=0))


def measure(faces: data.FaceDataset) -> None:
    """Print every candidate's constant with its spread, least spread first."""
    found = []
    for enlarge in ENLARGEMENTS:
        these = [_in_sides(face, enlarge) for _, face in detections(faces.images, enlarge)]
        side = np.median([1 / sizes(face)["root of box area"] for face in these])
        print(f"enlarged x {enlarge}: faces found in {len(these)} of {len(faces)}", end=", ")
        print(f"side = {side:.3f} x root of box area")
        found += these
    _compare_sizes(found)
    _compare_centres(found)
    rolls = np.array([preprocessing.roll_degrees(face) for face in found])
    print(f"roll: median {np.median(rolls):+.1f}°, spread {float(spread(rolls)):.1f}°")


def _compare_sizes(found: list[FaceDetection]) -> None:
    tables = [sizes(face) for face in found]
    rows = []
    for name in tables[0]:
        values = np.array([table[name] for table in tables])
        rows.append((float(spread(np.log(values))), float(np.median(1 / values)), name))
    for deviation, side, name in sorted(rows):
        print(f"side = {side:.3f} x {name:36} spread {100 * deviation:.1f} %")


def _compare_centres(found: list[FaceDetection]) -> None:
    tables = [
        {
            name: _turned(-point, preprocessing.roll_degrees(face))
            for name, point in centres(face).items()
        }
        for face in found
    ]
    for name in tables[0]:
        shifts = np.array([table[name] for table in tables])
        x, y = np.median(shifts, axis=0)
        across, down = 100 * spread(shifts)
        print(f"centre = {name:24} + ({x:+.3f}, {y:+.3f}) sides", end="  ")
        print(f"spread {across:.1f} % {down:.1f} %")


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description="Measure how FER2013 frames its faces.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--rows", type=int, default=1000, help="images to draw at random")
    arguments = parser.parse_args()
    measure(data.some(data.load(arguments.data, data.Split.TRAIN), arguments.rows))


if __name__ == "__main__":
    main()
