"""Judge the serving export: `python -m ml.training.evaluate --data FILE.npz`.

Prints one JSON object on one line and nothing else. Runs what serving runs, TensorFlow is not
needed. Keys: accuracy, macro_f1, per_class, confusion_matrix (rows truth, columns prediction),
ece, log_loss, n, head, model, model_sha256; of the consensus head also certain, which says how many
labels are and how many of those are right. With `votes` in the file there are the same figures of
the consensus head against the FER+ majority, prefixed with `ferplus_`.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml import calibration, manifest
from ml.inference import DEFAULT_VERSION, classifier_of
from ml.labels import HEADS
from ml.training import data, metrics
from ml.training.calibrate import judged
from ml.training.judge import certain

SPLITS = {split.name.lower(): split for split in data.Split}


def evaluate(weights: manifest.Manifest, faces: data.FaceDataset, head: str) -> dict[str, object]:
    """Return figures of `head` by the labels, and of the consensus head by the majority.

    Raises ValueError where there are no faces.
    """
    if len(faces) == 0:
        raise ValueError("there is no row to judge")
    classifier = classifier_of(weights)
    logits = classifier.logits(faces.images)
    probabilities = {
        name: calibration.probabilities(logits[name], weights.calibration[name]) for name in HEADS
    }
    result = _report(weights, head, probabilities[head], faces.label)
    result |= {"head": head, "model": weights.version, "model_sha256": weights.sha256}
    if faces.consensus is not None and faces.has_consensus.any():
        rows, majority = judged(faces, "consensus")
        ferplus = _report(weights, "consensus", probabilities["consensus"][rows], majority)
        result |= {f"ferplus_{name}": value for name, value in ferplus.items()}
    return result


def _report(
    weights: manifest.Manifest,
    head: str,
    probabilities: NDArray[np.float32],
    label: NDArray[np.integer],
) -> dict[str, object]:
    report = metrics.report(probabilities, label)
    if head == "consensus":
        report["certain"] = certain(probabilities, label, weights.uncertain_threshold)
    return report


def main() -> None:
    """Parse the command line, judge and print."""
    parser = argparse.ArgumentParser(description="Judge the serving export on labelled faces.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument(
        "--split",
        choices=sorted(SPLITS),
        help="rows to judge; by default test where the file has splits, else all",
    )
    parser.add_argument(
        "--head",
        choices=HEADS,
        help="head judged against `label`; by default fer2013 where the file has votes and "
        "splits, else consensus",
    )
    parser.add_argument("--version", default=DEFAULT_VERSION, help="name of the weights")
    arguments = parser.parse_args()
    try:
        has_votes = data.has_array(arguments.data, "votes")
        has_splits = data.has_array(arguments.data, "usage")
        split = arguments.split or ("test" if has_splits else None)
        head = arguments.head or ("fer2013" if has_votes and has_splits else "consensus")
        faces = data.load(arguments.data, SPLITS[split] if split else None)
        weights = manifest.read(arguments.version)
        manifest.verify_files(weights)
        result = evaluate(weights, faces, head)
    except (OSError, ValueError, manifest.ManifestError) as error:
        parser.error(str(error))
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
