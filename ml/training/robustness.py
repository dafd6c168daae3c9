"""How accuracy falls as pictures get worse.

    python -m ml.training.robustness --data FILE.npz [--version v9] [--against v7] [--plot FILE.png]

On the validation split, `consensus` head against the FER+ majority: blur, noise, JPEG, light,
contrast, rotation, small faces and half of the face covered. Prints a Markdown table;
`ml.training.export` writes the same figures into the manifest, beside those of the version that
served before.
"""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ml import inference, manifest
from ml.training import data, figures
from ml.training.calibrate import judged

Crop = NDArray[np.uint8]
Change = Callable[[Crop, float], Crop]
Classify = Callable[[Crop], NDArray[np.float32]]
"""(N, 48, 48) uint8 → probabilities (N, 7) of the consensus head."""
Curves = dict[str, dict[str, float]]
"""Kind → level as text → accuracy."""


def blurred(crop: Crop, sigma: float) -> Crop:
    """Blur by a Gaussian of `sigma` pixels of the crop; 0 changes nothing."""
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma), np.uint8) if sigma else crop


def noisy(crop: Crop, deviation: float) -> Crop:
    """Add normal noise of that many grey levels, the same for every face."""
    noise = np.random.default_rng(2013).normal(0, 1, crop.shape)
    return _clipped(crop + deviation * noise)


def compressed(crop: Crop, quality: float) -> Crop:
    """Compress as JPEG of that quality, 1 to 100."""
    _, content = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, round(quality)])
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), np.uint8)


def lit(crop: Crop, factor: float) -> Crop:
    """Multiply all grey levels, and clip them as a camera does."""
    return _clipped(crop * factor)


def contrasted(crop: Crop, factor: float) -> Crop:
    """Draw grey levels towards the crop's mean."""
    return _clipped((crop - crop.mean()) * factor + crop.mean())


def rotated(crop: Crop, degrees: float) -> Crop:
    """Turn counter-clockwise about the middle; the border repeats."""
    middle = ((crop.shape[1] - 1) / 2, (crop.shape[0] - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, degrees, 1)
    turned = cv2.warpAffine(crop, matrix, crop.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def small(crop: Crop, width: float) -> Crop:
    """Return the crop as if its side had `width` pixels in the photo."""
    shrunk = cv2.resize(crop, (round(width), round(width)), interpolation=cv2.INTER_AREA)
    grown = cv2.resize(shrunk, crop.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, np.uint8)


def covered(crop: Crop, half: float) -> Crop:
    """Cover one half evenly: 1 upper, 2 lower, 3 left, 4 right; 0 covers nothing."""
    middle = crop.shape[0] // 2
    first, last, all_of_it = slice(None, middle), slice(middle, None), slice(None)
    halves = [(first, all_of_it), (last, all_of_it), (all_of_it, first), (all_of_it, last)]
    result = crop.copy()
    if half:
        result[halves[round(half) - 1]] = 128
    return result


def _clipped(values: NDArray[np.floating]) -> Crop:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


KINDS: Final[dict[str, tuple[Change, tuple[float, ...]]]] = {
    "blur, σ in pixels": (blurred, (0, 0.5, 1, 1.5, 2)),
    "noise, σ in grey levels": (noisy, (0, 5, 10, 20, 40)),
    "JPEG quality": (compressed, (90, 50, 30, 15, 5)),
    "brightness ×": (lit, (0.1, 0.25, 0.5, 1, 1.5, 2)),
    "contrast ×": (contrasted, (0.1, 0.25, 0.5, 1, 1.5, 2)),
    "rotation in degrees": (rotated, (-30, -20, -10, 0, 10, 20, 30)),
    "crop's side in pixels": (small, (48, 40, 32, 28, 24, 20, 16)),
    "half covered": (covered, (0, 1, 2, 3, 4)),
}
"""What is done, by which function, how much of it."""
NAMES: Final = {"half covered": ("nothing", "upper", "lower", "left", "right")}
"""Levels that have names instead of numbers."""


def measure(classify: Classify, faces: data.FaceDataset) -> Curves:
    """Return the accuracy under each change."""
    curves: Curves = {}
    for kind, (change, levels) in KINDS.items():
        names = NAMES.get(kind) or tuple(f"{level:g}" for level in levels)
        found = accuracies(classify, faces, [(change, level) for level in levels])
        curves[kind] = dict(zip(names, found, strict=True))
    return curves


def changed(crops: NDArray[np.uint8], change: Change, level: float) -> NDArray[np.uint8]:
    """Return the crops (N, 48, 48), each changed to that level."""
    return np.stack([change(crop, level) for crop in crops])


def accuracies(
    classify: Classify, faces: data.FaceDataset, changes: Iterable[tuple[Change, float]]
) -> list[float]:
    """Return the accuracy under each change of that level."""
    rows, label = judged(faces, "consensus")
    found = []
    for change, level in changes:
        seen = classify(changed(faces.images[rows], change, level))
        right = seen.argmax(axis=1) == label
        found.append(round(float(right.mean()), 4))
    return found


def table(curves: Curves, against: Curves | None = None) -> str:
    """Return a Markdown table, a row for each change, with the difference to another network."""
    lines = ["| change | accuracy |", "| --- | --- |"]
    for kind, levels in curves.items():
        cells = []
        for level, accuracy in levels.items():
            cell = f"{level}: {accuracy:.3f}"
            if against:
                cell += f" ({100 * (accuracy - against[kind][level]):+.1f})"
            cells.append(cell)
        lines.append(f"| {kind} | {', '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Measure how accuracy falls in bad pictures.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--version", help="name of the weights")
    parser.add_argument("--against", metavar="VERSION", help="weights to compare with")
    parser.add_argument("--plot", type=Path, help="a picture of the curves to write")
    arguments = parser.parse_args()
    faces = data.load(arguments.data, data.Split.VALIDATION)
    try:
        analyser = inference.load(arguments.version)
        other = inference.load(arguments.against) if arguments.against else None
    except manifest.ManifestError as error:
        parser.error(str(error))
    curves = {analyser.version: measure(analyser.classify, faces)}
    if other:
        curves[other.version] = measure(other.classify, faces)
    print(table(curves[analyser.version], curves.get(arguments.against)))
    if arguments.plot:
        figures.save(figures.robustness(curves), arguments.plot)


if __name__ == "__main__":
    main()
