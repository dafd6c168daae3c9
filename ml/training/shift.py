"""How honest the confidence stays where pictures get worse or come from elsewhere.

Of the head `consensus`, as it serves. What the quality of a photo adds to the doubt
(docs/decisions/0008-quality-flags.md) is not in here: these are ready crops.
"""

from typing import Any, Final

from ml.calibration import expected_calibration_error
from ml.training import data
from ml.training.calibrate import judged
from ml.training.judge import certain
from ml.training.robustness import (
    Change,
    Classify,
    blurred,
    changed,
    compressed,
    covered,
    lit,
    noisy,
    rotated,
    small,
)

CHANGES: Final[dict[str, tuple[Change, float]]] = {
    "none": (blurred, 0),
    "blur of 1 pixel": (blurred, 1),
    "noise of 20 grey levels": (noisy, 20),
    "JPEG of quality 15": (compressed, 15),
    "a face of 24 pixels": (small, 24),
    "turned by 20°": (rotated, 20),
    "half as bright again": (lit, 1.5),
    "lower half covered": (covered, 2),
}
"""What is done to each crop: one clear step of each kind that `ml.training.robustness` has."""

Figures = dict[str, dict[str, Any]]
"""Change → accuracy, ece, certain."""


def measure(classify: Classify, faces: data.FaceDataset, threshold: float) -> Figures:
    """Return the figures under each change; labels are certain from `threshold` on."""
    rows, label = judged(faces, "consensus")
    found: Figures = {}
    for name, (change, level) in CHANGES.items():
        seen = classify(changed(faces.images[rows], change, level))
        found[name] = {
            "accuracy": float((seen.argmax(axis=1) == label).mean()),
            "ece": expected_calibration_error(seen, label),
            "certain": certain(seen, label, threshold),
        }
    return found


def table(found: dict[str, Figures]) -> str:
    """Return a Markdown table of the figures of each set of faces."""
    lines = [
        "| faces | change | accuracy | calibration error | certain | of those right |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, figures in found.items():
        for change, each in figures.items():
            sure = each["certain"]
            lines.append(
                f"| {name} | {change} | {each['accuracy']:.3f} | {each['ece']:.3f} "
                f"| {sure['coverage']:.0%} | {sure['accuracy']:.0%} |"
            )
    return "\n".join(lines)
