"""The record of what was tried."""

from pathlib import Path
from typing import Any

import pytest

from ml.training import experiments


def made_record(run: str, accuracy: float) -> dict[str, Any]:
    head = {"accuracy": accuracy, "macro_f1": 0.5}
    return {
        "run": run,
        "config": {"channels": [4, 8], "convolutions": [1, 2]},
        "parameters": 1_234,
        "mmacs": 5.4,
        "images_per_second": 300,
        "hours": 1.25,
        "epochs": 3,
        "validation": {"flipped": {"consensus": head, "fer2013": head}},
    }


def test_document_is_made_of_the_records() -> None:
    assert Path("docs/experiments.md").read_text() == experiments.document(
        experiments.all_records()
    )


def test_best_stands_last() -> None:
    lines = experiments.document([made_record("good", 0.8), made_record("poor", 0.7)]).splitlines()
    assert lines[-2:] == [
        "| poor | 4×1-8×2 | 5 | 1,234 | 3 | 300 | 1.2 | 0.700 | 0.500 | 0.700 | 0.500 |",
        "| good | 4×1-8×2 | 5 | 1,234 | 3 | 300 | 1.2 | 0.800 | 0.500 | 0.800 | 0.500 |",
    ]


@pytest.mark.training
def test_multiplications() -> None:
    """By hand: 4·4 places × 9·1·2 for the convolution, 32 × 3 for the dense layer."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(2, 3, padding="same"),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )
    assert experiments.multiplications(model) == 16 * 18 + 32 * 3
