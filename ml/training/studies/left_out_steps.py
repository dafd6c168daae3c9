"""Print what each step of a residual network is worth: what is lost where it is left out.

    python -m ml.training.studies.left_out_steps --data FILE.npz

The validation split, seen once, in float32, nothing trained anew. Only steps that add to their
input can be left out (Veit et al. 2016, arXiv:1605.06431). Prints a Markdown table, beginning with
the whole network. The configuration `shallow` was chosen by it.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ml.inference import DEFAULT_VERSION
from ml.labels import HEADS
from ml.training import data
from ml.training.judge import keras_logits, scores

if TYPE_CHECKING:
    import keras


def residual_steps(model: "keras.Model") -> list[str]:
    """Return the names of the steps that add to their input, from the first to the last."""
    ending = "_add"
    names = [layer.name for layer in model.layers]
    return [name.removesuffix(ending) for name in names if name.endswith(ending)]


def leave_out(model: "keras.Model", steps: Sequence[str]) -> None:
    """Let these steps add nothing. What they add to is no less than 0, so that ReLU keeps it."""
    for step in steps:
        norm = model.get_layer(f"{step}_norm")
        gamma, beta, *moments = norm.get_weights()
        norm.set_weights([np.zeros_like(gamma), np.zeros_like(beta), *moments])


def main() -> None:
    """Parse the command line, leave out each step in turn and print."""
    parser = argparse.ArgumentParser(description="Measure what a network is without each step.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--version", default=DEFAULT_VERSION, help="name of the weights")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from ml.training import teachers

    validation = data.load(arguments.data, data.Split.VALIDATION)
    print(f"| left out | {' | '.join(HEADS)} |\n|{' --- |' * (1 + len(HEADS))}")
    for step in ("", *residual_steps(teachers.load(arguments.version))):
        model = teachers.load(arguments.version)
        leave_out(model, [step] if step else [])
        found = scores(keras_logits(model, validation.images, flip=False), validation)
        cells = [step or "nothing", *(f"{found[head]['accuracy']:.3f}" for head in HEADS)]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
