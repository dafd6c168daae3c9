"""What happens around the epochs of a run: state to resume from, the best weights, progress."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import keras
from tqdm import tqdm

from ml.training import figures, history
from ml.training.files import write_whole

Logs = dict[str, float] | None


SAVE_SECONDS: Final = 30.0
"""So much work may be lost. On a CPU that is every epoch; on a GPU an epoch takes a second."""


class EpochState(keras.callbacks.Callback):
    """Keeps weights, optimizer and history of the last finished epoch, so that a run resumes.

    Writes them at most every `SAVE_SECONDS`, and at the end. `may_end` says whether the run may
    end after so many finished epochs.

    Stands before `SwapEMAWeights` in the list: what it saves are the raw weights.
    """

    def __init__(
        self, folder: Path, may_end: Callable[[int], bool] = lambda finished: False
    ) -> None:
        super().__init__()
        self.folder, self.state, self.may_end = folder, folder / "state.keras", may_end
        self.epochs = history.read(folder)
        self.written = -math.inf

    def restore(self, model: keras.Model) -> int:
        """Load the last state into `model`; the number of finished epochs."""
        if not self.epochs:
            return 0
        saved = keras.saving.load_model(self.state)
        model.set_weights(saved.get_weights())
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(
            model.optimizer.variables, saved.optimizer.variables, strict=True
        ):
            variable.assign(value)
        return len(self.epochs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        seconds = round(time.monotonic() - self.began, 1)
        self.epochs.append({"epoch": epoch + 1, "seconds": seconds, **(logs or {})})
        is_last = epoch + 1 == self.params["epochs"] or self.may_end(epoch + 1)
        if is_last or time.monotonic() - self.written >= SAVE_SECONDS:
            self.write()
            self.written = time.monotonic()

    def write(self) -> None:
        """Write down the epoch that has just ended."""
        part = self.state.with_name("state.part.keras")
        self.model.save(part)
        part.replace(self.state)
        history.write(self.folder, self.epochs)
        figures.save(figures.history(self.epochs), self.folder / "history.png")


class Best(keras.callbacks.Callback):
    """Keeps the weights with the highest mean validation accuracy of the heads.

    Writes them at most every `SAVE_SECONDS`, and at the end. Ends the run where `patience` epochs
    in a row were no better; 0 waits for ever.
    """

    def __init__(self, folder: Path, patience: int = 0) -> None:
        super().__init__()
        self.file, self.score_file = folder / "best.keras", folder / "best.json"
        self.best, self.epoch, self.patience = 0.0, 0, patience
        self.written = -math.inf
        self.unwritten: list[Any] | None = None
        if self.file.exists() and self.score_file.exists():
            saved = json.loads(self.score_file.read_text())
            self.best, self.epoch = saved["score"], saved["epoch"]

    def is_stale(self, finished: int) -> bool:
        """Return whether a run of so many finished epochs has waited long enough."""
        return 0 < self.patience <= finished - self.epoch

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        score = (logs["val_consensus_accuracy"] + logs["val_fer2013_accuracy"]) / 2
        if score > self.best:
            self.best, self.epoch = score, epoch + 1
            self.unwritten = self.model.get_weights()
        if self.is_stale(epoch + 1):
            self.model.stop_training = True
        is_last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if is_last or time.monotonic() - self.written >= SAVE_SECONDS:
            self.write()

    def write(self) -> None:
        """Write the best weights, where they are not in the file yet."""
        if self.unwritten is None:
            return
        present = self.model.get_weights()
        self.model.set_weights(self.unwritten)
        part = self.file.with_name("best.part.keras")
        self.model.save(part)
        part.replace(self.file)
        write_whole(self.score_file, json.dumps({"epoch": self.epoch, "score": self.best}))
        self.model.set_weights(present)
        self.unwritten, self.written = None, time.monotonic()


class Progress(keras.callbacks.Callback):
    """One bar over the whole run, with images a second and the time left; a line an epoch."""

    def __init__(self, epochs: int, done: int, steps: int, batch_size: int) -> None:
        super().__init__()
        self.epochs, self.done, self.batch_size = epochs, done, batch_size
        self.images = steps * batch_size

    def on_train_begin(self, logs: Logs = None) -> None:
        self.bar = tqdm(
            total=self.epochs * self.images,
            initial=self.done * self.images,
            unit=" images",
            smoothing=0.05,
            mininterval=5,
        )

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.bar.update(self.batch_size)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        names = ("loss", "val_loss", "val_consensus_accuracy", "val_fer2013_accuracy")
        figures_now = "  ".join(f"{name} {(logs or {})[name]:.4f}" for name in names)
        self.bar.write(f"epoch {epoch + 1}/{self.epochs}  {figures_now}")

    def on_train_end(self, logs: Logs = None) -> None:
        self.bar.close()
