"""Compare the detector in eight bits with that in float32: `… --data FILE [--photos FOLDER]`.

Validation faces of FER2013 are put on pictures, six in each, and alone amid grey. For both
networks, and for the float32 one on the same picture as a JPEG file and cut by two pixels, prints
Markdown tables: faces lost and gained against float32, how far landmarks and boxes moved, and, for
the faces alone, how many are found and named right. `--photos` adds a folder of photos.
Command: `python -m ml.training.studies.detector_int8`.
"""

import argparse
import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from ml import images, inference
from ml.centerface_graph import FLOAT32
from ml.face_detection import CenterFace
from ml.training import data, metrics
from ml.training.studies.framing import Surroundings, canvas
from ml.types import Box, FaceDetection

SIZES: Final = (28, 40, 56, 80, 120, 160)
SHAPE: Final = (480, 640)
BACKGROUNDS: Final = ("coffee", "rocket", "chelsea")
SCENES: Final = 150
CUT: Final = (2, 1)
"""Columns and rows that are cut off to see how much the float32 network itself varies."""
QUALITY: Final = 80
"""Sets the quality of the JPEG file."""
SAME: Final = 0.4
"""Boxes of one face overlap at least by this (intersection over union)."""
Photo = NDArray[np.uint8]
Look = Callable[[Photo], list[FaceDetection]]


def looks() -> dict[str, Look]:
    """Return the ways to look at a photo that are compared with float32."""
    float32, int8 = CenterFace(graph=FLOAT32), CenterFace()

    def compressed(photo: Photo) -> list[FaceDetection]:
        file = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        return float32.detect(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8))

    def cut(photo: Photo) -> list[FaceDetection]:
        left, top = CUT
        found = float32.detect(np.ascontiguousarray(photo[top:, left:]))
        return [_moved(face, left, top) for face in found]

    return {
        "float32": float32.detect,
        "**eight bits**": int8.detect,
        f"float32, JPEG of quality {QUALITY}": compressed,
        "float32, cut by two columns and a row": cut,
    }


def _moved(face: FaceDetection, left: int, top: int) -> FaceDetection:
    box = replace(face.box, x=face.box.x + left, y=face.box.y + top)
    if face.landmarks is None:
        return replace(face, box=box)
    shift = np.array([left, top], np.float32)
    return replace(face, box=box, landmarks=face.landmarks + shift)


def scenes(crops: NDArray[np.uint8]) -> list[Photo]:
    """Return pictures (480, 640, 3) with six faces each, of 28 to 160 pixels."""
    random = np.random.default_rng(11)
    pictures: Any = skimage.data
    walls = [cv2.resize(getattr(pictures, name)(), SHAPE[::-1]) for name in BACKGROUNDS]
    return [_scene(crops, walls[number % len(walls)].copy(), random) for number in range(SCENES)]


def _scene(crops: NDArray[np.uint8], wall: Photo, random: np.random.Generator) -> Photo:
    tall, wide = SHAPE[0] // 2, SHAPE[1] // 3
    for top, left in ((row * tall, column * wide) for row in range(2) for column in range(3)):
        side = int(random.choice(SIZES))
        face = cv2.resize(
            crops[random.integers(len(crops))], (side, side), interpolation=cv2.INTER_CUBIC
        )
        y, x = top + random.integers(tall - side), left + random.integers(wide - side)
        wall[y : y + side, x : x + side] = face[..., None]
    return wall


def photos(folder: Path) -> list[Photo]:
    """Return the photos of a folder whose `photos.csv` counts the faces."""
    found = []
    with (folder / "photos.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            with (folder / row["file"]).open("rb") as photo:
                found.append(images.decode(photo).rgb)
    return found


def compared(before: list[list[FaceDetection]], after: list[list[FaceDetection]]) -> str:
    """Return the cells of a row: faces lost and gained, and how far the others moved."""
    pairs, lost, gained = [], 0, 0
    for old, new in zip(before, after, strict=True):
        left = list(new)
        for face in old:
            best = max(left, key=lambda other: _overlap(face.box, other.box), default=None)
            if best is None or _overlap(face.box, best.box) < SAME:
                lost += 1
                continue
            left.remove(best)
            pairs.append((face, best))
        gained += len(left)
    moved = [_distance(*pair) for pair in pairs]
    overlaps = [_overlap(old.box, new.box) for old, new in pairs]
    median, most = 100 * np.quantile(moved, [0.5, 0.95])
    usual, least = np.quantile(overlaps, [0.5, 0.05])
    faces = len(pairs) + lost
    return f"{faces} | {lost} | {gained} | {median:.2f}, {most:.2f} % | {usual:.3f}, {least:.3f}"


def _distance(old: FaceDetection, new: FaceDetection) -> float:
    """Return the mean distance of the landmarks in sizes of the face."""
    if old.landmarks is None or new.landmarks is None:
        raise ValueError("CenterFace gives every face landmarks.")
    return float(np.linalg.norm(old.landmarks - new.landmarks, axis=1).mean() / old.size)


def _overlap(one: Box, other: Box) -> float:
    """Return intersection over union."""
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    tall = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(wide, 0) * max(tall, 0)
    return shared / (one.width * one.height + other.width * other.height - shared)


def named(look: Look, faces: data.FaceDataset, scale: int) -> tuple[NDArray[np.bool_], ...]:
    """Return, for each face alone in a photo, whether it is found, and named as in FER2013."""
    analyser = inference.load()
    found, right = np.zeros((2, len(faces)), np.bool_)
    for index, crop in enumerate(faces.images):
        photo = canvas(crop, scale, Surroundings.GREY)
        seen = look(photo)
        found[index] = bool(seen)
        if seen:
            largest = max(seen, key=lambda face: face.size)
            [row] = analyser.classify_detected(photo, [largest])
            right[index] = row.argmax() == faces.label[index]
    return found, right


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Compare the detector in eight bits and float32.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--photos", type=Path, help="a folder with photos.csv")
    parser.add_argument("--rows", type=int, default=2000, help="faces to draw at random")
    options = parser.parse_args()
    faces = data.load(options.data, data.Split.VALIDATION)
    ways = looks()
    kinds = {"scenes": scenes(faces.images)}
    if options.photos:
        kinds["photos"] = photos(options.photos)
    heads = "faces | lost | gained | landmarks moved: median, 95 % | overlap of boxes: median, 5 %"
    print(f"| pictures | detector | {heads} |\n|{' --- |' * 7}")
    for kind, pictures in kinds.items():
        before = [ways["float32"](picture) for picture in pictures]
        for name, look in list(ways.items())[1:]:
            cells = compared(before, [look(picture) for picture in pictures])
            print(f"| {kind} | {name} | {cells} |", flush=True)
    print("\n| enlarged | detector | found | named right |\n| --- | --- | --- | --- |")
    drawn = data.some(faces, options.rows)
    for scale in (1, 2, 4):
        for name, look in list(ways.items())[:2]:
            found, right = named(look, drawn, scale)
            least, most = metrics.wilson_interval(int(right.sum()), len(right))
            share = f"{right.mean():.1%} ({least:.1%} to {most:.1%})"
            print(f"| ×{scale} | {name} | {found.sum()} of {len(found)} | {share} |", flush=True)


if __name__ == "__main__":
    main()
