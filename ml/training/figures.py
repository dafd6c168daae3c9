"""The plots that travel with weights and stand in the notebook."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import seaborn
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from ml.calibration import Reliability
from ml.labels import EMOTIONS, HEADS


def history(epochs: list[dict[str, float]]) -> Figure:
    """Draw loss and accuracy of both heads over the epochs, training beside validation."""
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
    return figure


def confusion(matrices: dict[str, NDArray[np.int64]]) -> Figure:
    """Draw confusion matrices (7, 7) side by side: shares of each true emotion, and counts."""
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
    return figure


def reliability(heads: dict[str, dict[str, Reliability]]) -> Figure:
    """Draw accuracy over confidence, a panel for each head, a line for each stage."""
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
    return figure


def robustness(versions: dict[str, dict[str, dict[str, float]]]) -> Figure:
    """Draw accuracy over the amount of each change: panels for kinds, lines for versions."""
    kinds = list(next(iter(versions.values())))
    figure = Figure(figsize=(14, 6.5), layout="constrained")
    panels = figure.subplots(2, math.ceil(len(kinds) / 2), sharey=True, squeeze=False)
    for axis, kind in zip(panels.ravel(), kinds, strict=False):
        for version, curves in versions.items():
            # Halves of a face are no scale: points without a line.
            style = "o" if "nothing" in curves[kind] else "o-"
            axis.plot(list(curves[kind]), list(curves[kind].values()), style, label=version)
        axis.set_title(kind)
        axis.grid(alpha=0.3)
    panels[0, 0].set_ylabel("accuracy")
    panels[1, 0].set_ylabel("accuracy")
    panels[0, 0].legend()
    return figure


def ranking(probabilities: NDArray[np.float32], label: NDArray[np.integer]) -> Figure:
    """Draw ROC and precision over recall of each emotion against the rest.

    probabilities (N, 7), label (N,); emotions that nobody has are left out.
    """
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    roc, precision = figure.subplots(1, 2)
    for index, emotion in enumerate(EMOTIONS):
        truth, score = label == index, probabilities[:, index]
        if not truth.any():
            continue
        false_rate, true_rate, _ = sklearn_metrics.roc_curve(truth, score)
        area = sklearn_metrics.auc(false_rate, true_rate)
        roc.plot(false_rate, true_rate, label=f"{emotion}, area {area:.3f}")
        shares, recall, _ = sklearn_metrics.precision_recall_curve(truth, score)
        mean = sklearn_metrics.average_precision_score(truth, score)
        precision.plot(recall, shares, label=f"{emotion}, mean {mean:.3f}")
    for axis, x, y in (
        (roc, "false positive rate", "true positive rate"),
        (precision, "recall", "precision"),
    ):
        axis.set_xlabel(x)
        axis.set_ylabel(y)
        axis.grid(alpha=0.3)
        axis.legend()
    return figure


def counts(columns: dict[str, NDArray[np.integer]]) -> Figure:
    """Draw the faces of each emotion, a bar for each column of counts (7,)."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axis = figure.subplots()
    places, width = np.arange(len(EMOTIONS)), 0.8 / len(columns)
    for number, (name, values) in enumerate(columns.items()):
        axis.bar(places + number * width, values, width, label=name)
    axis.set_xticks(places + 0.4 - width / 2, EMOTIONS)
    axis.set_ylabel("faces")
    axis.legend()
    return figure


def pictures(images: NDArray[np.integer], titles: Sequence[str], columns: int = 8) -> Figure:
    """Draw grey pictures (N, H, W) in rows, each under its title."""
    rows = math.ceil(len(images) / columns)
    figure = Figure(figsize=(1.5 * columns, 1.75 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, image, title in zip(axes, images, titles, strict=False):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        axis.set_title(title, fontsize=9)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a PNG."""
    FigureCanvasAgg(figure)
    # Without the date and version that Matplotlib adds, equal plots are equal files.
    figure.savefig(path, dpi=110, metadata={"Software": None})
