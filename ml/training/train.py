"""Train a network: `python -m ml.training.train --config baseline --data FILE.npz`.

The state of every epoch is kept under `var/training/<run>/`; the same command with `--resume`
goes on from the last finished epoch. `ml.training.export` turns a finished run into weights.
"""

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from ml import architectures
from ml.labels import EMOTIONS
from ml.manifest import sha256_of
from ml.training import data, history, lessons, teachers, transfer
from ml.training.callbacks import Best, EpochState, Progress
from ml.training.config import CONFIGS, TrainingConfig
from ml.training.files import RUNS, write_whole
from ml.training.precision import usable

ALL_CONFIGS: Final = CONFIGS | transfer.CONFIGS
"""By the name that the command line takes."""

FACTS = ("config.json", "data.sha256")
"""What may not change within a run."""


@keras.saving.register_keras_serializable("emotionsite")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Cosine up to the peak, cosine down to nearly nothing (Smith 2018, arXiv:1803.09820)."""

    def __init__(self, peak: float, steps: int, warmup_share: float) -> None:
        super().__init__()
        self.peak, self.steps, self.warmup_share = peak, steps, warmup_share

    def __call__(self, step: Any) -> Any:
        position = keras.ops.cast(step, "float32") / self.steps
        rising = position / self.warmup_share
        falling = (position - self.warmup_share) / (1 - self.warmup_share)
        up = 0.04 + 0.96 * (1 - keras.ops.cos(math.pi * rising)) / 2
        down = 1e-4 + (1 + keras.ops.cos(math.pi * keras.ops.minimum(falling, 1.0))) / 2
        return self.peak * keras.ops.where(position < self.warmup_share, up, down)

    def get_config(self) -> dict[str, float]:
        return {"peak": self.peak, "steps": self.steps, "warmup_share": self.warmup_share}


def targets(
    faces: data.FaceDataset, emotion_weights: dict[str, float] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return target distributions and sample weights of both heads, each keyed by head.

    A face weighs as much as what it shows, by the share that each emotion has in its target.
    """
    labels = np.eye(len(EMOTIONS), dtype=np.float32)[faces.label]
    consensus = labels if faces.consensus is None else faces.consensus
    worth = np.array([(emotion_weights or {}).get(name, 1.0) for name in EMOTIONS], np.float32)
    weights = faces.has_consensus * (consensus @ worth)
    return (
        {"consensus": consensus, "fer2013": labels},
        {"consensus": weights.astype(np.float32), "fer2013": labels @ worth},
    )


def lesson(
    faces: data.FaceDataset, config: TrainingConfig, studied: teachers.Targets | None = None
) -> lessons.Lesson:
    """Return the lesson of these faces under this configuration.

    `studied` are the teachers' opinions of them, where they do not see the changed images.
    """
    answers, weights = targets(faces, config.emotion_weights)
    if studied:
        answers = teachers.blend(answers, studied, config.teachers_share)
        weights = {head: np.ones(len(faces), np.float32) for head in answers}
    online = config.teachers and not studied
    panel = teachers.Panel(config.teachers, config.precision) if online else None
    return lessons.Lesson(
        faces.images, answers, weights, config.augmentation, panel, config.teachers_share
    )


def plans(
    faces: data.FaceDataset, config: TrainingConfig, first_epoch: int = 0
) -> Iterator[lessons.Plan]:
    """Yield what each epoch shows, from `first_epoch` to the end."""
    chance = rarity(faces, config.balance)
    for epoch in range(first_epoch, config.epochs):
        random = np.random.default_rng([config.seed, epoch])
        rows = random.choice(len(faces), len(faces), replace=bool(config.balance), p=chance)
        yield lessons.plan(rows, config.batch_size, config.augmentation, random)


def rarity(faces: data.FaceDataset, balance: float) -> NDArray[np.float64]:
    """Return how probable it is that each face comes up, (N,) float64.

    That is 1 / frequency of what it shows, to the power of `balance`, summed over the heads.
    """
    answers, _ = targets(faces)
    chance = np.zeros(len(faces))
    for wanted in answers.values():
        frequency = np.maximum(wanted.mean(axis=0), 1e-6)
        chance += wanted @ (frequency / frequency.mean()) ** -balance
    return np.asarray(chance / chance.sum())


def validation_arrays(
    faces: data.FaceDataset,
) -> tuple[NDArray[np.float32], dict[str, Any], dict[str, Any]]:
    """Return the faces as they are, with targets and weights, in order."""
    return (faces.images[..., None].astype(np.float32), *targets(faces))


def network(config: TrainingConfig, precision: str = "float32") -> keras.Model:
    """Return the network of this configuration, computing in that precision."""
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return architectures.vgg(
            channels=config.channels,
            convolutions=config.convolutions,
            dropout=config.dropout,
            dense_units=config.dense_units,
            dense_dropout=config.dense_dropout,
            seed=config.seed,
            block=config.block,
            squeeze_excitation=config.squeeze_excitation,
            side=config.side,
        )
    finally:
        keras.config.set_dtype_policy(previous)


def build(config: TrainingConfig, steps: int) -> keras.Model:
    """Return the compiled network of this configuration for a run of `steps` updates."""
    keras.utils.set_random_seed(config.seed)
    model = network(config, config.precision)
    if config.start:
        model.set_weights(architectures.carried_over(teachers.load(config.start), model))
    for layer in model.layers:
        layer.trainable = not layer.name.startswith(config.frozen)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            OneCycle(config.peak_learning_rate, steps, config.warmup_share),
            weight_decay=config.weight_decay,
            clipnorm=config.gradient_clip_norm,
            use_ema=True,
            ema_momentum=config.ema_momentum,
        ),
        loss={
            head: keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
            for head, smoothing in config.label_smoothing.items()
        },
        loss_weights=config.loss_weights,
        weighted_metrics={
            head: [keras.metrics.CategoricalAccuracy(name="accuracy")]
            for head in config.loss_weights
        },
    )
    if config.sharpness_radius:
        from ml.training import sharpness  # knows TensorFlow alone

        sharpness.seek_flat_minima(model, config.sharpness_radius)
    return model


def check_same_run(folder: Path, facts: dict[str, str]) -> None:
    """Write down what a run is made of, or raise ValueError where it was something else.

    `facts` maps the name of a file in `folder` to its content.
    """
    for name, text in facts.items():
        file = folder / name
        if file.exists() and file.read_text() != text:
            raise ValueError(f"{folder} was begun with another {file.stem}: use another --run")
        write_whole(file, text)


def train(config: TrainingConfig, faces: Path, folder: Path, *, resume: bool) -> keras.Model:
    """Train on the train split, watch the validation split, keep everything in `folder`.

    With `resume` the configuration and the data must be those it was begun with; else ValueError.

    The result, `best.keras`, has the averaged (EMA) weights of the epoch with the highest
    mean validation accuracy of the two heads.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not resume:
        for name in (*FACTS, "state.keras", history.FILE, "best.*", teachers.STUDIED):
            for file in folder.glob(name):
                file.unlink()
    texts = (json.dumps(asdict(config), indent=1), sha256_of(faces))
    check_same_run(folder, dict(zip(FACTS, texts, strict=True)))
    config = replace(config, precision=usable(config.precision))
    training = data.load(faces, data.Split.TRAIN)
    validation = data.load(faces, data.Split.VALIDATION)
    steps = len(training) // config.batch_size
    model = build(config, steps * config.epochs)
    best = Best(folder, config.patience)
    state = EpochState(folder, best.is_stale)
    done = state.restore(model)
    if done < config.epochs and not best.is_stale(done):
        studied = None
        if config.teachers_study:
            studied = teachers.studied(config.teachers, training.images, folder, config.precision)
        batches = lessons.teach(
            model, lesson(training, config, studied), plans(training, config, done)
        )
        calls = lessons.calls(steps)
        model.fit(
            batches,
            validation_data=validation_arrays(validation),
            validation_batch_size=256,
            steps_per_epoch=calls,
            initial_epoch=done,
            epochs=config.epochs,
            callbacks=[
                state,
                keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
                best,
                Progress(config.epochs, done, calls, config.batch_size * steps // calls),
            ],
            shuffle=False,  # plans have their own order
            verbose=0,
        )
    return keras.saving.load_model(folder / "best.keras")


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description="Train an expression network.")
    parser.add_argument("--config", choices=sorted(ALL_CONFIGS), default="baseline")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--run", help="name of the run's folder; the configuration's by default")
    parser.add_argument("--epochs", type=int, help="instead of the configuration's")
    parser.add_argument("--resume", action="store_true", help="go on from the last epoch")
    arguments = parser.parse_args()
    config = ALL_CONFIGS[arguments.config]
    config = replace(config, epochs=arguments.epochs or config.epochs)
    folder = RUNS / (arguments.run or config.name)
    try:
        train(config, arguments.data, folder, resume=arguments.resume)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
