"""A candidate that has learned from reviewed faces.

    python -m ml.training.finetune --reviewed FACES.npz --data FILE.npz --base v9 --name v9-june \
        --out var/models

Goes on from the network of `--base` at a low learning rate. Every epoch mixes the reviewed faces
(their training split) with base faces drawn at random, since a network that sees only the new ones
forgets the old ones (replay; Robins 1995). Calibration, figures and manifest are made as for every
other version; the comparison with the base, and with `--against`, lies beside the candidate.
Progress goes to stdout, one JSON object a line. Nothing appears under `--name` before it is whole.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from ml import architectures, manifest
from ml.labels import HEADS
from ml.training import compare, data, lessons
from ml.training.callbacks import Best, EpochState
from ml.training.export import KERAS_FILE, export
from ml.training.files import write_whole
from ml.training.replay import QUICK, Plan, joined, lesson, plans, reviewed_lesson, steps_of
from ml.training.train import OneCycle

TRAINED: Final = 0.8
"""Share of the whole that training takes, as progress shows it."""
PROGRESS_SECONDS: Final = 2.0


class Report(keras.callbacks.Callback):
    """Tells how far training is."""

    def __init__(self, updates: int, epochs: int) -> None:
        super().__init__()
        self.updates, self.epochs, self.done, self.told = updates, epochs, 0, 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.done += 1
        if time.monotonic() - self.told >= PROGRESS_SECONDS:
            self.told = time.monotonic()
            tell("training", TRAINED * self.done / self.updates)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        figures = {name: round(float(value), 4) for name, value in (logs or {}).items()}
        tell(
            "training",
            TRAINED * self.done / self.updates,
            epoch=epoch + 1,
            epochs=self.epochs,
            **{
                name: figures[name]
                for name in ("loss", "val_consensus_accuracy", "val_fer2013_accuracy")
            },
        )


def tell(stage: str, progress: float, **details: object) -> None:
    """Print a line of progress; `progress` from 0 to 1."""
    line = {"stage": stage, "progress": round(progress, 3), **details}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def train(network: Path, base: Path, reviewed: Path, plan: Plan, run: Path) -> None:
    """Train; `run` then holds what `ml.training.export` needs of a run.

    Raises ValueError where there are too few faces.
    """
    taught = lesson(data.load(base, data.Split.TRAIN))
    corrections = reviewed_lesson(data.load(reviewed, data.Split.TRAIN))
    if not len(corrections):
        raise ValueError(f"{reviewed} has no face to train with")
    steps = steps_of(taught, corrections, plan)
    if not steps:
        raise ValueError(f"{base} and {reviewed} have too few faces for a batch")
    watched = joined(
        lesson(data.load(base, data.Split.VALIDATION)),
        reviewed_lesson(data.load(reviewed, data.Split.VALIDATION)),
    )
    keras.utils.set_random_seed(plan.seed)
    model = architectures.load(network)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            OneCycle(plan.peak_learning_rate, steps * plan.epochs, 0.15),
            weight_decay=plan.weight_decay,
            clipnorm=5.0,
        ),
        loss={
            head: keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.03)
            for head in HEADS
        },
        weighted_metrics={
            head: [keras.metrics.CategoricalAccuracy(name="accuracy")] for head in HEADS
        },
    )
    pixels = watched.images[..., None].astype(np.float32)
    calls = lessons.calls(steps)
    model.fit(
        lessons.teach(model, joined(taught, corrections), plans(taught, corrections, plan)),
        validation_data=(pixels, watched.wanted, watched.weights),
        validation_batch_size=256,
        steps_per_epoch=calls,
        epochs=plan.epochs,
        callbacks=[EpochState(run), Best(run), Report(calls * plan.epochs, plan.epochs)],
        shuffle=False,
        verbose=0,
    )
    write_whole(run / "config.json", json.dumps({"name": "finetune", **asdict(plan)}))


def finetune(
    *, reviewed: Path, base_data: Path, base: str, name: str, out: Path, plan: Plan,
    reviewed_id: str = "", against: str | None = None,
) -> manifest.Manifest:  # fmt: skip
    """Make the candidate `name` in `out`. Raises ValueError or ManifestError."""
    if name in manifest.available_versions() or (out / name).exists():
        raise ValueError(f"there is a version {name!r} already")
    rivals = dict.fromkeys([base, against or base])
    started_from, *others = (manifest.find(other, out) for other in rivals)
    for rival in (started_from, *others):
        manifest.verify_files(rival)
    network = started_from.provenance(KERAS_FILE)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=out) as folder:
        run = Path(folder) / "run"
        run.mkdir()
        tell("training", 0.0)
        train(network, base_data, reviewed, plan, run)
        tell("export", TRAINED)
        made = export(run, name, base_data, weights=Path(folder) / "weights", against=name)
        _complete(made, started_from, reviewed, reviewed_id or reviewed.stem, base_data)
        for rival in (started_from, *others):
            tell("comparison", 0.95, against=rival.version)
            test = data.load(base_data, data.Split.TEST)
            held_out = data.load(reviewed, data.Split.TEST)
            report = compare.compare(manifest.read(name, made.parent), rival, test, held_out)
            compare.write(report, out)
        # Last: a run that is ended before that can begin anew under this name.
        made.rename(out / name)
    candidate = manifest.read(name, out)
    tell("done", 1.0, name=name, sha256=candidate.sha256)
    return candidate


def _complete(
    folder: Path, base: manifest.Manifest, reviewed: Path, reviewed_id: str, base_data: Path
) -> None:
    """Say in the manifest what this version came from."""
    document = dict(manifest.read(folder.name, folder.parent).document)
    counts = {split.name.lower(): len(data.load(reviewed, split)) for split in data.Split}
    document["training"] = document["training"] | {
        "command": f"python -m ml.training.finetune --reviewed {reviewed.name} "
        f"--data {base_data.name} --base {base.version} --name {folder.name}",
        "base": {"version": base.version, "sha256": base.sha256},
        "reviewed": {
            "id": reviewed_id,
            "file": reviewed.name,
            "sha256": manifest.sha256_of(reviewed),
            "splits": counts,
        },
    }
    manifest.write(document, folder)


def main() -> None:
    """Parse the command line and fine-tune."""
    parser = argparse.ArgumentParser(description="Let a version learn from reviewed faces.")
    parser.add_argument("--reviewed", type=Path, required=True, help="the .npz of reviewed faces")
    parser.add_argument("--reviewed-id", default="", help="what the set is called")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of base faces")
    parser.add_argument("--base", default=manifest.DEFAULT_VERSION, help="version to go on from")
    parser.add_argument("--against", help="version to compare with besides the base")
    parser.add_argument("--name", required=True, help="of the candidate")
    parser.add_argument("--out", type=Path, default=Path("var/models"), help="MODELS_FOLDER")
    parser.add_argument("--epochs", type=int, help="instead of the plan's")
    parser.add_argument("--quick", action="store_true", help="a short run, for tests")
    arguments = parser.parse_args()
    # Whoever ends it finds no half-made folder.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    chosen = QUICK if arguments.quick else Plan()
    plan = Plan(**(asdict(chosen) | ({"epochs": arguments.epochs} if arguments.epochs else {})))
    try:
        finetune(
            reviewed=arguments.reviewed,
            base_data=arguments.data,
            base=arguments.base,
            name=arguments.name,
            out=arguments.out,
            plan=plan,
            reviewed_id=arguments.reviewed_id,
            against=arguments.against,
        )
    except (OSError, ValueError, manifest.ManifestError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
