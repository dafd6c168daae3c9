"""The plots that travel with weights."""

import math
from pathlib import Path

import numpy as np
import seaborn
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ml.calibration import Reliability
from ml.labels import EMOTIONS, HEADS


def history(epochs: list[dict[str, float]], path: Path) -> None:
    """Loss and accuracy of both heads over the epochs, training beside validation."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.subplots(1, 2)
    numbers = [epoch["epoch"] for epoch in epochs]
    for axis, measure in zip(axes, ("loss", "accuracy"), strict=True):
        for colour, head in zip(("C0", "C1"), HEADS, strict=True):
            key = f"{head}_{measure}"
            axis.plot(numbers, [epoch[key] for epoch in epochs], f"{colour}--", label=head)
            validation = [epoch[f"val_{key}"] for epoch in epochs]
            axis.plot(numbers, validation, f"{colour}-", label=f"{head}, validation")
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.set_ylabel(measure)
        axis.grid(alpha=0.3)
    axes[1].legend()
    _save(figure, path)


def confusion(matrices: dict[str, NDArray[np.int64]], path: Path) -> None:
    """Confusion matrices (7, 7) side by side: shares of each true emotion, with the counts."""
    figure = Figure(figsize=(6.5 * len(matrices), 5.5), layout="constrained")
    for axis, (head, matrix) in zip(
        figure.subplots(1, len(matrices), squeeze=False)[0], matrices.items(), strict=True
    ):
        shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        seaborn.heatmap(
            shares,
            ax=axis,
            annot=matrix,
            fmt="d",
            vmin=0,
            vmax=1,
            cmap="Blues",
            cbar=False,
            xticklabels=EMOTIONS,
            yticklabels=EMOTIONS,
        )
        accuracy = np.trace(matrix) / max(matrix.sum(), 1)
        axis.set_title(f"{head}: accuracy {accuracy:.3f}")
        axis.set_xlabel("predicted")
        axis.set_ylabel("true")
    _save(figure, path)


def reliability(heads: dict[str, dict[str, Reliability]], path: Path) -> None:
    """Share of right answers over confidence, a panel for each head, a line for each stage."""
    figure = Figure(figsize=(5.2 * len(heads), 4.6), layout="constrained")
    for axis, (head, stages) in zip(
        figure.subplots(1, len(heads), squeeze=False)[0], heads.items(), strict=True
    ):
        axis.plot([0, 1], [0, 1], "k:", linewidth=1)
        for name, (confidence, accuracy, count) in stages.items():
            filled = count > 0
            axis.plot(confidence[filled], accuracy[filled], marker="o", label=name)
        axis.set_title(head)
        axis.set_xlabel("confidence")
        axis.set_ylabel("accuracy")
        axis.grid(alpha=0.3)
        axis.legend()
    _save(figure, path)


def robustness(versions: dict[str, dict[str, dict[str, float]]], path: Path) -> None:
    """Accuracy over the amount of each change, a panel for each kind, a line for each version."""
    kinds = list(next(iter(versions.values())))
    figure = Figure(figsize=(14, 6.5), layout="constrained")
    panels = figure.subplots(2, math.ceil(len(kinds) / 2), sharey=True, squeeze=False)
    for axis, kind in zip(panels.ravel(), kinds, strict=False):
        for version, curves in versions.items():
            axis.plot(list(curves[kind]), list(curves[kind].values()), marker="o", label=version)
        axis.set_title(kind)
        axis.grid(alpha=0.3)
    panels[0, 0].set_ylabel("accuracy")
    panels[1, 0].set_ylabel("accuracy")
    panels[0, 0].legend()
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    # Without the date and version that Matplotlib adds, equal plots are equal files.
    figure.savefig(path, dpi=110, metadata={"Software": None})
