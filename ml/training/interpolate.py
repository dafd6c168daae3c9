"""Between a run and the network that it began with.

    python -m ml.training.interpolate --data FILE.npz --run sturdy --share 0.4

A run that goes on from a network to learn something new, as blurred and noisy faces, forgets a
little of what that network knew. Both lie in one valley, and a mean of their weights keeps most of
what each can do (Wortsman et al. 2021, arXiv:2109.01903). What batch normalisation knows of its
inputs has no mean: it is measured anew, on training images changed as for the first networks.

The result, `var/training/sturdy-0.4`, is a finished run, to be judged and exported as others are.
Prints what it reaches on validation, a line of JSON.
"""

import argparse
import itertools
import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from numpy.typing import NDArray

from ml import architectures
from ml.calibration import softmax
from ml.classifier import softened
from ml.training import data, history, judge, lessons, robustness, teachers
from ml.training.config import BASELINE, TrainingConfig
from ml.training.files import RUNS, write_whole
from ml.training.train import lesson, plans

MEASURED: Final = BASELINE
"""Whose changes of the images batch normalisation sees. With those of `sturdy` it would expect
noise everywhere (docs/decisions/0016-blurred-and-noisy-faces.md)."""
BATCHES: Final = 1000
"""Of training images. A hundredth of what batch normalisation keeps changes with each of them:
after so many, nothing is left of before."""
HARD: Final = {"noise 10": (robustness.noisy, 10), "noise 20": (robustness.noisy, 20),
               "blur 1": (robustness.blurred, 1), "side 24": (robustness.small, 24)}  # fmt: skip


def interpolate(run: Path, share: float, faces: Path, folder: Path) -> keras.Model:
    """Write the mean of a finished run, of weight `share`, and its start as a run of its own.

    Raises ValueError where the run began with no other network.
    """
    config = json.loads((run / "config.json").read_text())
    if not config.get("start"):
        raise ValueError(f"{run.name} began with no other network")
    first, last = teachers.load(config["start"]), architectures.load(run / "best.keras")
    between = zip(architectures.carried_over(first, last), last.get_weights(), strict=True)
    last.set_weights([(1 - share) * begun + share * ended for begun, ended in between])
    measure_normalisation(last, data.load(faces, data.Split.TRAIN), MEASURED)
    folder.mkdir(parents=True, exist_ok=True)
    last.save(folder / "best.keras")
    for name in (history.FILE, "best.json"):
        shutil.copyfile(run / name, folder / name)
    write_whole(folder / "config.json", json.dumps(config | {"share_of_run": share}))
    return last


def measure_normalisation(
    model: keras.Model, faces: data.FaceDataset, config: TrainingConfig
) -> None:
    """Let every batch normalisation see `BATCHES` of training images, changed as in training."""
    shown = lessons.batches(lesson(faces, config), plans(faces, config))
    for pixels, *_ in itertools.islice(shown, BATCHES):
        model(pixels, training=True)


def judged(model: keras.Model, faces: data.FaceDataset) -> dict[str, Any]:
    """Return the figures that it reaches on crops softened as in serving.

    Head → accuracy and macro-F1 of face and mirror image; each of `HARD` → accuracy of `consensus`.
    """

    def logits(images: NDArray[np.uint8], *, flip: bool) -> judge.Logits:
        return judge.keras_logits(model, softened(images), flip=flip)

    def classify(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return softmax(logits(images, flip=False)["consensus"]).astype(np.float32)

    hard = robustness.accuracies(classify, faces, HARD.values())
    return judge.scores(logits(faces.images, flip=True), faces) | dict(zip(HARD, hard, strict=True))


def main() -> None:
    """Parse the command line, interpolate and judge."""
    parser = argparse.ArgumentParser(description="Go a part of the way from a start to its run.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--run", required=True, help="name of a finished run under var/training/")
    parser.add_argument("--share", type=float, required=True, help="0 is the start, 1 the run")
    arguments = parser.parse_args()
    run = RUNS / arguments.run
    folder = run.with_name(f"{run.name}-{arguments.share:g}")
    try:
        model = interpolate(run, arguments.share, arguments.data, folder)
    except ValueError as error:
        parser.error(str(error))
    found = judged(model, data.load(arguments.data, data.Split.VALIDATION))
    print(json.dumps({"run": folder.name, **found}))


if __name__ == "__main__":
    main()
