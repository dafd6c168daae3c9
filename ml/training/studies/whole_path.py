"""Measure what the path from photo to crop costs: `python -m ml.training.studies.whole_path`.

Each labelled crop is enlarged in the middle of a canvas and goes through detection, alignment,
cropping and classification as a photo does; the ready crop of the same face goes to the classifier
alone. Prints a Markdown table of how many faces are found and what accuracy remains, for several
sizes and surroundings; with `--margins` for several margins about the present one instead.

By default on the validation split, or on all faces of a file without splits; `--split test` judges,
and nothing is chosen by it. `--float32` looks with the detector before quantization, which browsers
use: docs/decisions/0042-detector-in-eight-bits.md.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import centerface_graph, inference, preprocessing
from ml.labels import HEADS
from ml.training import data, metrics
from ml.training.calibrate import judged
from ml.training.evaluate import SPLITS
from ml.training.judge import certain
from ml.training.studies.framing import Surroundings, canvas, detections
from ml.types import FaceDetection

ENLARGEMENTS: Final = (2, 4, 6)
"""Faces of about 85, 165 and 250 pixels."""
MARGINS: Final = (0.90, 0.95, 1.0, 1.05, 1.10, 1.15)
COLUMNS: Final = (
    *("canvas", "found", "FER+ ready", "FER+ whole path", "difference (95 %)"),
    *("FER2013 ready", "FER2013 whole path", "difference (95 %)"),
    *("as served: macro-F1", "calibration error", "certain right"),
)


Answers = dict[str, tuple[NDArray[np.float32], NDArray[np.integer]]]


@dataclass(frozen=True)
class Found:
    """The faces found on one kind of canvas: their labels, their photos' detections."""

    of: int
    faces: data.FaceDataset
    pairs: list[tuple[int, FaceDetection]]
    enlarge: int
    around: Surroundings

    def crops(self, images: NDArray[np.uint8], margin: float = 1.0) -> NDArray[np.uint8]:
        """Return the crops (N, 48, 48) that serving cuts out of the canvases."""
        cut = []
        for row, face in self.pairs:
            square = preprocessing.frame(face)
            photo = canvas(images[row], self.enlarge, self.around)
            cut.append(preprocessing.cut(photo, replace(square, side=square.side * margin)))
        return np.stack(cut)


def find(
    faces: data.FaceDataset, enlarge: int, around: Surroundings, graph: centerface_graph.Graph
) -> Found:
    """Look for every face on its canvas."""
    pairs = list(detections(faces.images, enlarge, around, graph))
    kept = faces.take(np.isin(np.arange(len(faces)), [row for row, _ in pairs]))
    return Found(len(faces), kept, pairs, enlarge, around)


def answers(
    analyser: inference.Analyser, faces: data.FaceDataset, crops: NDArray[np.uint8]
) -> Answers:
    """Return head → probabilities (N, 7) and labels (N,) of the faces that judge it."""
    found = {}
    for head in HEADS:
        rows, label = judged(faces, head)
        found[head] = analyser.classify(crops[rows], head=head), label
    return found


def row(name: str, found: Found, ready: Answers, path: Answers, threshold: float) -> str:
    """Return a row of the table."""
    share = metrics.wilson_interval(len(found.pairs), found.of)
    cells = [name, f"{len(found.pairs) / found.of:.1%} ({share[0]:.1%} to {share[1]:.1%})"]
    for head in HEADS:
        before, after = (
            probabilities.argmax(axis=1) == label
            for probabilities, label in (ready[head], path[head])
        )
        change = after.astype(np.float64) - before
        reach = metrics.Z95 * change.std() / np.sqrt(len(change))
        cells += [f"{before.mean():.3f}", f"{after.mean():.3f}"]
        cells.append(f"{change.mean():+.3f} ± {reach:.3f}")
    served = (_served(*each["consensus"], threshold) for each in (ready, path))
    cells += map(" → ".join, zip(*served, strict=True))
    return f"| {' | '.join(cells)} |"


def _served(
    probabilities: NDArray[np.float32], label: NDArray[np.integer], threshold: float
) -> tuple[str, str, str]:
    """Return macro-F1, calibration error, and accuracy and coverage of certain labels, as text."""
    report = metrics.report(probabilities, label)
    sure = certain(probabilities, label, threshold)
    return (
        f"{report['macro_f1']:.3f}",
        f"{report['ece']:.3f}",
        f"{sure['accuracy']:.3f} @ {sure['coverage']:.2f}",
    )


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Measure what detection and cropping cost.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--split", choices=sorted(SPLITS), default="validation", help="if any")
    parser.add_argument("--rows", type=int, default=1000, help="images to draw at random")
    parser.add_argument("--version", help="name of the weights")
    parser.add_argument("--margins", action="store_true", help="vary the margin on one canvas")
    parser.add_argument("--around", nargs="+", choices=list(Surroundings), default=Surroundings)
    parser.add_argument("--float32", action="store_true", help="look with the browsers' detector")
    arguments = parser.parse_args()
    graph = centerface_graph.FLOAT32 if arguments.float32 else centerface_graph.INT8
    analyser = inference.load(arguments.version)
    split = SPLITS[arguments.split] if data.has_array(arguments.data, "usage") else None
    faces = data.some(data.load(arguments.data, split), arguments.rows)
    threshold = float(analyser.manifest["uncertain"]["threshold"])
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}")
    for around in map(Surroundings, arguments.around):
        for enlarge in ENLARGEMENTS:
            if arguments.margins and (around is not Surroundings.GREY or enlarge != 4):
                continue
            found = find(faces, enlarge, around, graph)
            ready = answers(analyser, found.faces, found.faces.images)
            for margin in MARGINS if arguments.margins else (1.0,):
                path = answers(analyser, found.faces, found.crops(faces.images, margin))
                name = f"×{enlarge}, {around.value}"
                if arguments.margins:
                    name += f", margin × {margin:.2f}"
                print(row(name, found, ready, path, threshold), flush=True)


if __name__ == "__main__":
    main()
