"""The search for a network, written down.

    python -m ml.training.studies.experiments --data FILE.npz --run long  # judge a run, record it
    python -m ml.training.studies.experiments                             # write the document

A record is `ml/training/runs/<run>.json`; docs/experiments.md is made of all of them and of nothing
else.
Figures are of the validation split, uncalibrated; the test split judges released versions only.
"""

import argparse
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.labels import HEADS
from ml.training import data, history
from ml.training.files import RECORDS, RUNS
from ml.training.judge import keras_logits, scores

ENSEMBLES_FOLDER: Final = RECORDS / "ensembles"
DOCUMENT: Final = Path("docs/experiments.md")

Record = dict[str, Any]

INTRODUCTION: Final = """# Experiments

Every network that was trained in search of a better one, best last. This page is made of
`ml/training/runs/*.json` by `python -m ml.training.studies.experiments`.

Figures are of the validation split of FER2013 (`usage == 1`, 3,579 faces), uncalibrated, averaged
over a face and its mirror image: accuracy and macro-F1 of the head `consensus` against the FER+
majority, of the head `fer2013` against the original label. With so many faces the 95 % interval of
an accuracy is about ±1.3 points at 0.82 and ±1.6 at 0.68. MMACs are millions of multiplications
for one face; images/s is the median epoch on two cores, which were not always idle; `broad` and
`residual` had one each, `pupil`, `pupil-wide` and the runs called teacher a share of one NVIDIA
H200, `patient` and `patient-wide` of an H100. Of the teachers only accuracy is known, as training
saw it at the best epoch, without the mirror.

"""
FIGURES: Final = ("FER+", "macro-F1", "FER2013", "macro-F1")
COLUMNS: Final = (
    *("run", "network", "MMACs", "parameters", "epochs", "images/s", "hours"),
    *FIGURES,
)
READING: Final = """
## What the search says

The `quick` runs change one thing each and learn for four epochs. Seed alone moves accuracy between
0.639 and 0.655 for FER+, 0.485 and 0.493 for FER2013: what differs by less is chance. More than
that bring width (half as wide again, +2.4 and +2.1 points) and crops enlarged to 64 pixels (+1.5
for FER2013), each for about twice the arithmetic. A narrower, a shallower and a depthwise-separable
network lose; residual connections, squeeze and excitation and the weights of the heads change
little. Weighting disgust and fear finds more of them (macro-F1 +0.9 for FER2013) and costs 2.2
points of accuracy; taking back the prior afterwards does it for nothing (docs/training.md). A
deeper network, mixup, blur and noise learn more slowly and would need more than four epochs to be
judged: so `sturdy` gave blur and noise 24. Enlarged crops pay only so early: `large-faces` went on
from v7 with them for 24 epochs and is no more often right, for 1.8 times the arithmetic.
"""
TOGETHER: Final = """
## Several networks together

The mean of their probabilities, by `python -m ml.training.studies.ensemble`: what a student could
learn. Those of other shapes and seeds err largely on the same faces: with networks of this size and
as many epochs, several are no more often right than the best of them.
"""


def multiplications(model: Any) -> int:
    """Return the multiply-accumulate operations of convolutions and dense layers for one face."""
    total = 0
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            places = int(np.prod(layer.output.shape[1:-1]))
            total += int(np.prod(kernel.shape)) * places
    return total


def record(run: Path, faces: Path) -> Record:
    """Return configuration and results of a finished run."""
    # Imports TensorFlow, which the document does without.
    from ml import architectures

    model = architectures.load(run / "best.keras")
    epochs = history.read(run)
    config = json.loads((run / "config.json").read_text())
    validation = data.load(faces, data.Split.VALIDATION)
    trained = len(data.load(faces, data.Split.TRAIN))
    seconds = [epoch["seconds"] for epoch in epochs]
    return {
        "run": run.name,
        "config": config,
        "parameters": int(model.count_params()),
        "mmacs": round(multiplications(model) / 1e6, 1),
        "images_per_second": round(trained / float(np.median(seconds))),
        "hours": round(sum(seconds) / 3600, 2),
        "epochs": len(epochs),
        "validation": {
            "single": scores(keras_logits(model, validation.images, flip=False), validation),
            "flipped": scores(keras_logits(model, validation.images, flip=True), validation),
        },
    }


def document(records: Iterable[Record], ensembles: Iterable[Record] = ()) -> str:
    """Return the Markdown page."""
    page = INTRODUCTION + _table(COLUMNS, map(_row, sorted(records, key=_score)))
    page += READING + TOGETHER
    for ensemble in ensembles:
        judged_as = ensemble["alone"] | {"**together**": ensemble["together"]}
        rows = ((name, *_reached(found)) for name, found in judged_as.items())
        page += "\n" + _table(("network", *FIGURES), rows)
    return page


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _score(each: Record) -> float:
    return float(sum(head["accuracy"] for head in _validation(each).values()))


def _validation(each: Record) -> dict[str, dict[str, float]]:
    """Return the validation figures of a run: with the mirror, else those of training."""
    found: dict[str, dict[str, dict[str, float]]] = each["validation"]
    return found.get("flipped") or found["single"]


def _row(each: Record) -> tuple[str, ...]:
    config, reached = each["config"], _validation(each)
    return (
        each["run"],
        _network(config),
        f"{each['mmacs']:.0f}",
        f"{each['parameters']:,}",
        str(each["epochs"]),
        str(each["images_per_second"]),
        f"{each['hours']:.1f}",
        *_reached(reached),
    )


def _reached(found: dict[str, dict[str, float]]) -> Iterator[str]:
    for head in HEADS:
        for name in ("accuracy", "macro_f1"):
            yield f"{found[head][name]:.3f}" if name in found[head] else "–"


def _network(config: dict[str, Any]) -> str:
    blocks = zip(config["channels"], config["convolutions"], strict=True)
    text = "-".join(f"{width}×{count}" for width, count in blocks)
    return ", ".join([text, *_particulars(config)])


def _particulars(config: dict[str, Any]) -> Iterator[str]:
    """Yield what is unusual about a run; old records lack parameters that came later."""
    changes = config.get("augmentation", {})
    said = {
        config.get("block", "plain"): config.get("block", "plain") != "plain",
        "squeeze and excitation": config.get("squeeze_excitation"),
        f"enlarged to {config.get('side')}": config.get("side", 48) != 48,
        f"mixup {changes.get('mixup')}": changes.get("mixup"),
        f"blur {changes.get('blur_probability')}": changes.get("blur_probability"),
        f"noise {changes.get('noise')}": changes.get("noise"),
        "light, covers, coarse pixels, JPEG": changes.get("jpeg_probability"),
        f"rare emotions oftener, to the power {config.get('balance')}": config.get("balance"),
        f"seed {config.get('seed')}": config.get("seed", 2013) != 2013,
        f"from {config.get('start')}": config.get("start"),
        f"{config.get('share_of_run', 1):.0%} of the way": config.get("share_of_run"),
        f"flat within {config.get('sharpness_radius')}": config.get("sharpness_radius"),
    }
    yield from (text for text, holds in said.items() if holds)
    factors = config.get("loss_weights", {}) | config.get("emotion_weights", {})
    yield from (f"{name} × {factor:g}" for name, factor in factors.items() if factor != 1)
    if config.get("teachers"):
        studied = " that studied" if config.get("teachers_study") else ""
        yield f"{config['teachers_share']:.0%} by {' + '.join(config['teachers'])}{studied}"


def all_records() -> list[Record]:
    """Return the committed records."""
    return [json.loads(path.read_text()) for path in sorted(RECORDS.glob("*.json"))]


def all_ensembles() -> list[Record]:
    """Return the committed figures of several networks together."""
    return [json.loads(path.read_text()) for path in sorted(ENSEMBLES_FOLDER.glob("*.json"))]


def add(run: Path, faces: Path) -> None:
    """Write a finished run's record, and the document with it."""
    path = RECORDS / f"{run.name}.json"
    path.write_text(json.dumps(record(run, faces), indent=1) + "\n")
    write_document()


def write_document() -> None:
    """Write docs/experiments.md from all committed records."""
    DOCUMENT.write_text(document(all_records(), all_ensembles()))


def main() -> None:
    """Parse the command line, add a record if asked, write the document."""
    parser = argparse.ArgumentParser(description="Write down what was tried.")
    parser.add_argument("--run", help="name of a run under var/training/ to judge and add")
    parser.add_argument("--data", type=Path, help="the .npz of faces, needed with --run")
    arguments = parser.parse_args()
    if arguments.run:
        if not arguments.data:
            parser.error("--run needs --data")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        add(RUNS / arguments.run, arguments.data)
    else:
        write_document()


if __name__ == "__main__":
    main()
