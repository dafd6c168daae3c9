"""What several networks say together.

    python -m ml.training.studies.ensemble --data FILE.npz v2 v3 wide

The mean of their probabilities, each averaged over a face and its mirror image, on the validation
split. Writes `ml/training/runs/ensembles/<names>.json`, and docs/experiments.md with it.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np

from ml.calibration import softmax
from ml.labels import HEADS
from ml.training import data
from ml.training.judge import keras_logits, scores
from ml.training.studies import experiments


def record(names: list[str], faces: Path) -> experiments.Record:
    """Return figures of each network and of all together."""
    # Imports TensorFlow, which the document does without.
    from ml.training import teachers

    validation = data.load(faces, data.Split.VALIDATION)
    alone = {}
    together = {head: np.zeros((len(validation), 7), np.float32) for head in HEADS}
    for name in names:
        logits = keras_logits(teachers.load(name), validation.images, flip=True)
        alone[name] = scores(logits, validation)
        for head in HEADS:
            together[head] += softmax(logits[head]).astype(np.float32)
    return {"alone": alone, "together": scores(together, validation)}


def main() -> None:
    """Parse the command line, judge and write down."""
    parser = argparse.ArgumentParser(description="Judge several networks together.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("networks", nargs="+", help="versions or files of ml/weights/teachers/")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    path = experiments.ENSEMBLES_FOLDER / f"{'+'.join(arguments.networks)}.json"
    path.parent.mkdir(exist_ok=True)
    found = record(arguments.networks, arguments.data)
    path.write_text(json.dumps(found, indent=1) + "\n")
    experiments.write_document()


if __name__ == "__main__":
    main()
