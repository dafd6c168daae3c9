"""Two versions on the same faces.

    python -m ml.training.compare CANDIDATE BASELINE --data FILE.npz [--reviewed FACES.npz]

Writes one JSON report to `ml.manifest.comparison_path` and prints its path. Both versions run as
they serve; each face counts for both, so that the difference is judged by McNemar's test (1947) on
the faces that only one of them names right.
"""

import argparse
import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml import calibration, manifest
from ml.inference import classifier_of
from ml.labels import EMOTIONS, HEADS
from ml.training import data, metrics
from ml.training.calibrate import judged
from ml.training.files import write_whole

FORMAT_VERSION: Final = 1
Answers = dict[str, NDArray[np.float32]]
"""Head → calibrated probabilities (N, 7)."""


def answers(weights: manifest.Manifest, images: NDArray[np.uint8]) -> Answers:
    """Return the calibrated probabilities of a version for crops (N, 48, 48)."""
    logits = classifier_of(weights).logits(images)
    return {
        head: calibration.probabilities(logits[head], weights.calibration[head]) for head in HEADS
    }


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided exact p-value: chance of a split as uneven if both are equally good."""
    n = gained + lost
    tail = sum(math.comb(n, k) for k in range(min(gained, lost) + 1))
    return min(2 * tail / (1 << n), 1.0)


def paired(
    candidate: NDArray[np.float32], baseline: NDArray[np.float32], label: NDArray[np.integer]
) -> dict[str, Any]:
    """Return the section of one set; probabilities (N, 7) of the same N ≥ 1 faces, label (N,)."""
    right = {
        name: probabilities.argmax(axis=1) == label
        for name, probabilities in (("candidate", candidate), ("baseline", baseline))
    }
    gained = int((right["candidate"] & ~right["baseline"]).sum())
    lost = int((right["baseline"] & ~right["candidate"]).sum())
    change, interval = _change(right["candidate"], right["baseline"])
    return {
        "n": len(label),
        "candidate": _figures(candidate, label),
        "baseline": _figures(baseline, label),
        "change": change,
        "change_ci95": interval,
        "mcnemar": {"gained": gained, "lost": lost, "p": mcnemar(gained, lost)},
        "per_class": {
            emotion: _recall_change(right, label == index)
            for index, emotion in enumerate(EMOTIONS)
            if (label == index).any()
        },
    }


def compare(
    candidate: manifest.Manifest,
    baseline: manifest.Manifest,
    test: data.FaceDataset,
    reviewed: data.FaceDataset | None = None,
) -> dict[str, Any]:
    """Return the whole report.

    `test` is judged by the taggers' majority ("test", what users see) and by the original labels
    ("original"); `reviewed` by what reviewers said.
    """
    found = [answers(weights, test.images) for weights in (candidate, baseline)]
    sets = {}
    for name, head in zip(("test", "original"), HEADS, strict=True):
        rows, label = judged(test, head)
        sets[name] = paired(found[0][head][rows], found[1][head][rows], label)
    if reviewed is not None and len(reviewed):
        said = [answers(weights, reviewed.images)["consensus"] for weights in (candidate, baseline)]
        sets["reviewed"] = paired(said[0], said[1], reviewed.label)
    return {
        "format_version": FORMAT_VERSION,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "candidate": {"name": candidate.version, "sha256": candidate.sha256},
        "baseline": {"name": baseline.version, "sha256": baseline.sha256},
        "sets": sets,
    }


def write(report: dict[str, Any], folder: Path) -> Path:
    """Keep a report where the platform looks for it; the path."""
    hashes = (report["candidate"]["sha256"], report["baseline"]["sha256"])
    path = manifest.comparison_path(folder, *hashes)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(report, indent=1))
    return path


def _figures(probabilities: NDArray[np.float32], label: NDArray[np.integer]) -> dict[str, Any]:
    right = int((probabilities.argmax(axis=1) == label).sum())
    interval = list(metrics.wilson_interval(right, len(label)))
    return {**metrics.report(probabilities, label), "accuracy_ci95": interval}


def _change(after: NDArray[np.bool_], before: NDArray[np.bool_]) -> tuple[float, list[float]]:
    """Return the mean difference of paired answers with its 95 % interval."""
    difference = after.astype(np.float64) - before
    reach = metrics.Z95 * float(difference.std()) / math.sqrt(len(difference))
    change = float(difference.mean())
    return change, [change - reach, change + reach]


def _recall_change(right: dict[str, NDArray[np.bool_]], rows: NDArray[np.bool_]) -> dict[str, Any]:
    after, before = right["candidate"][rows], right["baseline"][rows]
    change, interval = _change(after, before)
    return {
        "support": int(rows.sum()),
        "before": float(before.mean()),
        "after": float(after.mean()),
        "change": change,
        "change_ci95": interval,
    }


def main() -> None:
    """Parse the command line, compare and write."""
    parser = argparse.ArgumentParser(description="Compare two versions on the same faces.")
    parser.add_argument("candidate")
    parser.add_argument("baseline")
    parser.add_argument("--data", type=Path, required=True, help="the .npz with the fixed test set")
    parser.add_argument("--reviewed", type=Path, help="the .npz of reviewed faces")
    parser.add_argument(
        "--out", type=Path, default=Path("var/models"), help="MODELS_FOLDER of the platform"
    )
    arguments = parser.parse_args()
    try:
        candidate, baseline = (
            manifest.find(name, arguments.out) for name in (arguments.candidate, arguments.baseline)
        )
        for weights in (candidate, baseline):
            manifest.verify_files(weights)
        test = data.load(arguments.data, data.Split.TEST)
        held_out = data.load(arguments.reviewed, data.Split.TEST) if arguments.reviewed else None
    except (OSError, ValueError, manifest.ManifestError) as error:
        parser.error(str(error))
    print(write(compare(candidate, baseline, test, held_out), arguments.out))


if __name__ == "__main__":
    main()
