"""Whether covered faces are flagged: `python -m ml.training.studies.covered_faces --data FILE.npz`.

On the validation split: which share of the ready crops is flagged as they are, and with each cover
of `ml.training.covering.CHECKS`, none of which taught the network; and what the whole path makes of
some of them on a grey canvas. Prints a Markdown table.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import inference, quality
from ml.training import covering, data, metrics
from ml.training.studies.framing import Surroundings, canvas
from ml.types import FaceAnalysis

ENLARGED: Final = 4
COLUMNS: Final = ("cover", "ready crops flagged", "found on a canvas", "certain of all on a canvas")


def covers() -> Iterator[tuple[str, covering.Check | None]]:
    """Yield the name of each row, and how its cover is drawn."""
    yield "nothing", None
    for part, checks in covering.CHECKS.items():
        for name, check in checks.items():
            yield f"{part}: {name}", check


def drawn(images: NDArray[np.uint8], check: covering.Check | None) -> NDArray[np.uint8]:
    """Return every crop with that cover."""
    random = np.random.default_rng(2013)
    return images if check is None else np.stack([check(image, random) for image in images])


def flagged(analyser: inference.Analyser, crops: NDArray[np.uint8]) -> int:
    """Return how many of the crops count as covered at eyes or mouth."""
    return sum(quality.is_covered(doubts) for doubts in analyser.check.doubts(crops))


def seen(analyser: inference.Analyser, crop: NDArray[np.uint8]) -> FaceAnalysis | None:
    """Return the face of a crop on its canvas, through the whole path."""
    faces = analyser.analyse(canvas(crop, ENLARGED, Surroundings.GREY))
    return max(faces, key=lambda face: face.detection_score, default=None)


def _share(count: int, of: int) -> str:
    low, high = metrics.wilson_interval(count, of)
    return f"{count / of:.1%} ({low:.1%} to {high:.1%})"


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Measure whether covered faces are flagged.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--rows", type=int, default=1000, help="ready crops")
    parser.add_argument("--canvases", type=int, default=60, help="crops for the whole path")
    parser.add_argument("--version", help="name of the weights")
    arguments = parser.parse_args()
    analyser = inference.load(arguments.version)
    faces = data.load(arguments.data, data.Split.VALIDATION)
    images = data.some(faces.take(faces.has_consensus), arguments.rows).images
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}")
    for name, check in covers():
        crops = drawn(images, check)
        found = [seen(analyser, crop) for crop in crops[: arguments.canvases]]
        certain = sum(face is not None and not face.uncertain for face in found)
        cells = [name, _share(flagged(analyser, crops), len(crops))]
        cells += [f"{sum(face is not None for face in found)} of {len(found)}"]
        cells += [_share(certain, len(found))]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
