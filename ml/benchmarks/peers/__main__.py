"""Compares our network with packages that ship weights: `make bench-peers`.

    python -m ml.benchmarks.peers --data FILE.npz [FILE.npz ...] [--photos FOLDER] [--peers fer]

Each package gets an environment of its own under `var/peers/`, installed from the locked
`requirements/`. All get the same crops and the same photos, one package after the other on one
core. The first file is FER2013, of which the test split judges; others are faces from elsewhere,
judged by the label that the product serves. Training uses nothing of this. Writes docs/peers.md.
"""

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml import images, inference
from ml.labels import EMOTIONS
from ml.training import data, metrics
from ml.training.calibrate import judged

DOCUMENT: Final = Path("docs/peers.md")
ENVIRONMENTS: Final = Path("var/peers")
REQUIREMENTS: Final = Path(__file__).parent / "requirements"
PEERS: Final = ("fer", "facex", "facial-emotion-recognition")
OURS: Final = "emotionsite"

INTRODUCTION: Final = """# Beside other packages

Made by `make bench-peers`: every package as it installs, in an environment of its own, on the same
{faces:,} faces of FER2013's test split and the same photos, one after the other on one core
({cpu}). FER2013 is the original label, FER+ the majority of its taggers. Our row answers FER2013
with the head `fer2013` and FER+ with the head `consensus`, both of the network {version}; the
others have one answer for both. Intervals are 95 %. Milliseconds are those of a face alone, with
all that the package does to a crop: median and mean, which differ where a package looks twice at
some faces, as ours does; memory is the most that its process held, photos included.

"""
ELSEWHERE: Final = """

## Faces from elsewhere

The label that the product serves (`consensus`) against the label of the file.

"""


@dataclass(frozen=True)
class Answers:
    """The predictions of one variant of a package: indices into `EMOTIONS`, (N,) each."""

    name: str
    fer2013: NDArray[np.int64]
    ferplus: NDArray[np.int64]
    milliseconds: tuple[float, float]
    """Median and mean for one face."""
    megabytes: float

    def of(self, rows: slice) -> "Answers":
        """Return the predictions of some faces."""
        return replace(self, fer2013=self.fer2013[rows], ferplus=self.ferplus[rows])


def environment(peer: str) -> Path:
    """Return the interpreter of a package's environment. Builds it where missing or outdated."""
    if peer == OURS:
        return Path(sys.executable)
    folder, lock = ENVIRONMENTS / peer, REQUIREMENTS / f"{peer}.txt"
    python, installed = folder / "bin" / "python", folder / "installed.txt"
    if not installed.exists() or installed.read_text() != lock.read_text():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", folder], check=True)
        install = ["pip", "install", "--quiet", "--require-hashes", "--python", str(python)]
        subprocess.run([*uv, *install, "-r", str(lock)], check=True)
        installed.write_text(lock.read_text())
    # The path is not resolved: the target of its link is outside the environment.
    return python.absolute()


def answers(peer: str, crops_file: Path) -> dict[str, Any]:
    """Run a package on the crops and photos. Returns its results."""
    module = f"ml.benchmarks.peers.run_{peer.replace('-', '_')}"
    result = ENVIRONMENTS / f"{peer}.json"
    result.unlink(missing_ok=True)
    subprocess.run(
        [environment(peer), "-m", module, crops_file, result],
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path.cwd()), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    found: dict[str, Any] = json.loads(result.read_text())
    return found


def variants(peer: str, result: dict[str, Any]) -> list[Answers]:
    """Return one row for each variant of a package; ours is one variant with two heads."""
    said = {
        name: np.array([EMOTIONS.index(emotion) for emotion in emotions])
        for name, emotions in result["answers"].items()
    }
    if peer == OURS:
        both = said["fer2013"], said["consensus"]
        cost = tuple(result["milliseconds"]["consensus"]), result["megabytes"]
        return [Answers(OURS, *both, *cost)]
    return [
        Answers(
            f"{peer}, {name}",
            answer,
            answer,
            tuple(result["milliseconds"][name]),
            result["megabytes"],
        )
        for name, answer in said.items()
    ]


def table(rows: list[Answers], faces: data.FaceDataset) -> str:
    """Return the Markdown table of accuracies, time and memory."""
    chosen, majority = judged(faces, "consensus")
    lines = [
        "| package | FER2013 | macro-F1 | FER+ | macro-F1 | ms a face, median | mean | MB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        original = _figures(row.fer2013, faces.label)
        ferplus = _figures(row.ferplus[chosen], majority)
        median, mean = row.milliseconds
        cost = f"{median:.2f} | {mean:.2f} | {row.megabytes:.0f}"
        lines.append(f"| {row.name} | {original} | {ferplus} | {cost} |")
    return "\n".join(lines)


def elsewhere_table(rows: list[Answers], others: dict[str, data.FaceDataset], start: int) -> str:
    """Return the Markdown table of accuracies on other files, whose faces begin at `start`."""
    heads = [f"{name} ({len(faces):,}) | macro-F1" for name, faces in others.items()]
    lines = [f"| package | {' | '.join(heads)} |", f"| --- |{' --- | --- |' * len(others)}"]
    for row in rows:
        cells, first = [], start
        for faces in others.values():
            answers = row.of(slice(first, first + len(faces))).ferplus
            cells.append(_figures(answers, faces.label))
            first += len(faces)
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _figures(predicted: NDArray[np.int64], label: NDArray[np.integer]) -> str:
    right = int((predicted == label).sum())
    low, high = metrics.wilson_interval(right, len(label))
    f1 = metrics.macro_f1(metrics.confusion_matrix(label, predicted))
    return f"{right / len(label):.3f} ({low:.3f} to {high:.3f}) | {f1:.3f}"


def photo_table(results: dict[str, dict[str, Any]], counted: dict[str, int]) -> str:
    """Return the Markdown table of faces found in photos whose faces were counted by eye."""
    lines = [
        f"| photo | faces | {' | '.join(results)} |",
        f"| --- | --- |{' --- |' * len(results)}",
    ]
    for name, faces in counted.items():
        found = " | ".join(str(len(result["photos"][name])) for result in results.values())
        lines.append(f"| {name} | {faces} | {found} |")
    right = " | ".join(
        str(sum(len(result["photos"][name]) == faces for name, faces in counted.items()))
        for result in results.values()
    )
    return "\n".join([*lines, f"| **photos with the right number** | {len(counted)} | {right} |"])


def photos(folder: Path | None) -> tuple[dict[str, NDArray[np.uint8]], dict[str, int]]:
    """Decode the photos that `photos.csv` lists. Returns them and their numbers of faces."""
    pictures: dict[str, NDArray[np.uint8]] = {}
    counted: dict[str, int] = {}
    if folder is None:
        return pictures, counted
    with (folder / "photos.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            try:
                with (folder / row["file"]).open("rb") as photo:
                    pictures[row["file"]] = images.decode(photo).rgb
            except images.ImageError:
                continue
            counted[row["file"]] = int(row["faces"])
    return pictures, counted


def main() -> None:
    """Parse the command line, run all packages and write the document."""
    parser = argparse.ArgumentParser(description="Compare with packages that ship weights.")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="the .npz of faces")
    parser.add_argument("--photos", type=Path, help="a folder with photos.csv")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS)
    parser.add_argument("--rows", type=int, default=1_000_000, help="faces at most, of each file")
    arguments = parser.parse_args()
    faces = data.some(data.load(arguments.data[0], data.Split.TEST), arguments.rows)
    others = {path.stem: data.some(data.load(path), arguments.rows) for path in arguments.data[1:]}
    pictures, counted = photos(arguments.photos)
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    crops_file = ENVIRONMENTS / "input.npz"
    named: dict[str, Any] = {f"photo:{name}": picture for name, picture in pictures.items()}
    crops = np.concatenate([faces.images, *(other.images for other in others.values())])
    np.savez(crops_file, crops=crops, **named)
    results = {peer: answers(peer, crops_file) for peer in (OURS, *arguments.peers)}
    rows = [row for peer, result in results.items() for row in variants(peer, result)]
    parts = [
        INTRODUCTION.format(faces=len(faces), cpu=cpu(), version=inference.DEFAULT_VERSION),
        table([row.of(slice(len(faces))) for row in rows], faces),
    ]
    if others:
        parts += [ELSEWHERE, elsewhere_table(rows, others, len(faces))]
    if counted:
        parts += ["\n\n## Faces found in photos\n\n", photo_table(results, counted)]
    DOCUMENT.write_text("".join(parts) + "\n")
    print(DOCUMENT.read_text())


def cpu() -> str:
    """Return the processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
