"""The figures of every epoch of a run, in `history.csv` of its folder."""

import csv
from pathlib import Path
from typing import Final

from ml.training.files import write_whole

FILE: Final = "history.csv"

Epoch = dict[str, float]
"""`epoch` from 1 on, `seconds`, and losses and accuracies as Keras names them."""


def read(run: Path) -> list[Epoch]:
    """Return the finished epochs of a run, which may be none."""
    path = run / FILE
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def write(run: Path, epochs: list[Epoch]) -> None:
    """Write all of them; each has the keys of the first."""
    names = list(epochs[0])
    lines = [",".join(names)]
    lines += [",".join(repr(float(epoch[name])) for name in names) for epoch in epochs]
    write_whole(run / FILE, "\n".join(lines) + "\n")
