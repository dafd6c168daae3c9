"""Whether faces with a quality flag are judged worse.

    python -m ml.training.studies.quality_gate --data FILE.npz

A flag that costs no accuracy would only disturb. On the validation split, `consensus` head against
the FER+ majority: blurred and small copies of the crops, and faces as turned as they are. The
flags themselves are those of `ml.quality`. Prints a Markdown table.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import inference, quality
from ml.preprocessing import SIDE_PER_SIZE
from ml.training import data, metrics
from ml.training.calibrate import judged
from ml.training.robustness import blurred, small
from ml.training.studies import framing

BLURS: Final = (0.0, 0.5, 1.0, 1.5)
"""Standard deviations in pixels of the crop."""
WIDTHS: Final = (48, 32, 24, 16)
"""Pixels that a crop's side had in its photo."""
LIGHTS: Final = (1.0, 0.2, 0.1)
"""Factors on all grey levels: why there is no flag for darkness or contrast."""
ENLARGED: Final = 4


@dataclass(frozen=True)
class Group:
    """Some faces under one condition; right: (N,) whether each is judged right."""

    condition: str
    flag: str
    right: NDArray[np.bool_]

    def row(self) -> str:
        """Return a row of the table."""
        low, high = metrics.wilson_interval(int(self.right.sum()), len(self.right))
        accuracy = f"{self.right.mean():.3f} ({low:.3f} to {high:.3f})"
        return f"| {self.condition} | {self.flag} | {len(self.right)} | {accuracy} |"


def groups(analyser: inference.Analyser, faces: data.FaceDataset) -> Iterator[Group]:
    """Yield all conditions, flagged and not."""
    rows, label = judged(faces, "consensus")
    crops = faces.images[rows]

    def right(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return np.asarray(analyser.classify(images).argmax(axis=1) == label)

    hits, sharpness = [], []
    for sigma in BLURS:
        images = np.stack([blurred(crop, sigma) for crop in crops])
        hits.append(right(images))
        sharpness += [quality.measure_crop(image)["sharpness"] for image in images]
    flag = np.array(sharpness) < quality.MIN_SHARPNESS
    together = np.concatenate(hits)
    condition = f"blurred by {', '.join(map(str, BLURS))} pixels"
    yield Group(condition, "", together[~flag])
    yield Group(condition, "blurred", together[flag])
    for width in WIDTHS:
        name = "small" if width / SIDE_PER_SIZE < quality.SMALLEST_FACE else ""
        images = np.stack([small(crop, width) for crop in crops])
        yield Group(f"face of {width / SIDE_PER_SIZE:.0f} pixels", name, right(images))
    yield from _turned(faces.take(rows), right(crops))
    for light in LIGHTS:
        images = np.round(crops * light).astype(np.uint8)
        yield Group(f"light × {light}", "", right(images))


def _turned(faces: data.FaceDataset, right: NDArray[np.bool_]) -> Iterator[Group]:
    found = list(framing.detections(faces.images, ENLARGED))
    seen = right[[row for row, _ in found]]
    flag = np.array([quality.turn(face) > quality.MAX_TURN for _, face in found])
    yield Group("as turned as they are", "", seen[~flag])
    yield Group("as turned as they are", "turned", seen[flag])


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Measure what the quality flags stand for.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--version", help="name of the weights")
    arguments = parser.parse_args()
    faces = data.load(arguments.data, data.Split.VALIDATION)
    print("| condition | flag | n | accuracy (95 %) |\n| --- | --- | --- | --- |")
    for group in groups(inference.load(arguments.version), faces):
        print(group.row(), flush=True)


if __name__ == "__main__":
    main()
