"""Compares the speed of whole photos: `python -m ml.benchmarks.peers.speed [--photos FOLDER]`.

Ours and the package `fer`, each in its own environment and process, get the same files in turns, on
one core. Photos of usual sizes are made from pictures that come with scikit-image; `--photos` adds
a folder whose `photos.csv` counts the faces. Prints a Markdown table of processor milliseconds
(medians), their ratio, and the faces found. Beside them stands the floor of our path: Pillow's
decoding, one detector call and one call of the expression network.
"""

import argparse
import csv
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from ml import images, inference
from ml.benchmarks.peers.__main__ import OURS, environment
from ml.benchmarks.peers.harness import TIMING
from ml.face_detection import SCORE_THRESHOLD, CenterFace

PEER: Final = "fer"
ROUNDS: Final = 7
PICTURES: Any = skimage.data
Photo = NDArray[np.uint8]
ROW: Final = (
    "| {name} | {ours_ms:.0f} | {peer_ms:.0f} | **{peer_over_ours:.1f}** | {ours_over_floor:.2f} "
    "| {faces_ours} | {faces_peer} |"
)
SENTENCE: Final = (
    "\n{photos} photos: {ours_ms:.0f} ms against {peer_ms:.0f} ms, ratio {peer_over_ours:.1f}; "
    "right number of faces {right_counts_ours} against {right_counts_peer}."
)


class Timed:
    """A package in a process of its own that answers one photo after the other."""

    def __init__(self, package: str) -> None:
        process: Any = subprocess.Popen(
            [environment(package), "-m", f"ml.benchmarks.peers.run_{package}", TIMING],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path.cwd()), "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self._questions, self._answers, self._process = process.stdin, process.stdout, process

    def analyse(self, path: Path) -> tuple[int, float]:
        """Return the number of faces and the processor milliseconds."""
        self._questions.write(f"{path}\n")
        self._questions.flush()
        faces, milliseconds = json.loads(self._answers.readline())
        return int(faces), float(milliseconds)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class Floor:
    """The least that our path may cost: no further passes, no quality, nothing twice."""

    def __init__(self) -> None:
        self._detector = CenterFace()
        self._analyser = inference.load()

    def milliseconds(self, path: Path) -> float:
        """Return the processor milliseconds of one photo."""
        began = time.process_time()
        with Image.open(path) as image:
            rgb = np.asarray(image.convert("RGB"))
        candidates = self._detector.look_at_whole(rgb)
        faces = [face for face in candidates if face.score >= SCORE_THRESHOLD]
        if faces:
            self._analyser.classify_detected(rgb, faces)
        return 1000 * (time.process_time() - began)


def made(folder: Path) -> dict[str, Path]:
    """Write photos of usual sizes. Returns a path for each description."""
    face, empty = _rgb(PICTURES.astronaut()), _rgb(PICTURES.coffee())
    crowd = np.tile(_resized(face, (480, 360)), (3, 4, 1))
    photos: dict[str, tuple[Photo, tuple[int, int]]] = {
        "640×480, one face": (face, (640, 480)),
        "1920×1080, twelve faces": (crowd, (1920, 1080)),
        "12 megapixels, one face": (face, (4000, 3000)),
        "320×240, no face": (empty, (320, 240)),
        "640×480, no face": (empty, (640, 480)),
        "1920×1440, no face": (empty, (1920, 1440)),
    }
    paths = {}
    for number, (name, (picture, size)) in enumerate(photos.items()):
        paths[name] = folder / f"{number}.jpg"
        Image.fromarray(_resized(picture, size)).save(paths[name], quality=92)
    return paths


def _rgb(picture: Photo) -> Photo:
    return np.ascontiguousarray(picture[..., :3])


def _resized(picture: Photo, size: tuple[int, int]) -> Photo:
    return np.asarray(Image.fromarray(picture).resize(size))


def counted(folder: Path) -> dict[Path, int]:
    """Return the number of faces of each photo that both packages can decode."""
    found = {}
    with (folder / "photos.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            path = folder / row["file"]
            if path.suffix in (".heif", ".gif"):
                continue
            try:
                with path.open("rb") as photo:
                    images.decode(photo)
            except images.ImageError:
                continue
            found[path] = int(row["faces"])
    return found


Figures = dict[str, float]


def compared(path: Path, ours: Timed, peer: Timed, floor: Floor, rounds: int) -> Figures:
    """Measure one photo in turns. The first round warms up and is not counted."""
    turns: list[tuple[float, float, float]] = []
    faces = 0, 0
    for _ in range(1 + rounds):
        (mine, own), (theirs, others) = ours.analyse(path), peer.analyse(path)
        faces = mine, theirs
        turns.append((own, others, floor.milliseconds(path)))
    own, others, least = (median(times) for times in zip(*turns[1:], strict=True))
    return {
        "ours_ms": own,
        "peer_ms": others,
        "peer_over_ours": others / own,
        "ours_over_floor": own / least,
        "faces_ours": faces[0],
        "faces_peer": faces[1],
    }


def totals(photos: dict[Path, int], ours: Timed, peer: Timed) -> Figures:
    """Measure all photos of a folder, each package's second look at each of them."""
    sums, right = [0.0, 0.0], [0, 0]
    for path, faces in photos.items():
        for index, package in enumerate((ours, peer)):
            package.analyse(path)
            found, milliseconds = package.analyse(path)
            sums[index] += milliseconds
            right[index] += found == faces
    return {
        "photos": len(photos),
        "ours_ms": sums[0],
        "peer_ms": sums[1],
        "peer_over_ours": sums[1] / sums[0],
        "right_counts_ours": right[0],
        "right_counts_peer": right[1],
    }


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Compare the speed with the package fer.")
    parser.add_argument("--photos", type=Path, help="a folder with photos.csv")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    ours, peer, floor = Timed(OURS), Timed(PEER), Floor()
    print("| photo | ours, ms | fer, ms | fer ÷ ours | ours ÷ floor | faces, ours | faces, fer |")
    print(f"|{' --- |' * 7}")
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in made(Path(folder)).items():
            figures[name] = compared(path, ours, peer, floor, arguments.rounds)
            print(ROW.format(name=name, **figures[name]), flush=True)
    if arguments.photos:
        figures["all photos"] = totals(counted(arguments.photos), ours, peer)
        print(SENTENCE.format(**figures["all photos"]))
    ours.close()
    peer.close()
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
