"""The record of experiments."""

from pathlib import Path
from typing import Any

import pytest

from ml.training.studies import experiments


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
        experiments.all_records(), experiments.all_ensembles()
    )


def test_best_stands_last() -> None:
    page = experiments.document([made_record("good", 0.8), made_record("poor", 0.7)])
    assert [line for line in page.splitlines() if line.startswith(("| good", "| poor"))] == [
        "| poor | 4×1-8×2 | 5 | 1,234 | 3 | 300 | 1.2 | 0.700 | 0.500 | 0.700 | 0.500 |",
        "| good | 4×1-8×2 | 5 | 1,234 | 3 | 300 | 1.2 | 0.800 | 0.500 | 0.800 | 0.500 |",
    ]


def test_ensembles_stand_below() -> None:
    head = {"accuracy": 0.8, "macro_f1": 0.7}
    found = {"consensus": head, "fer2013": head}
    lines = experiments.document([], [{"alone": {"v1": found}, "together": found}]).splitlines()
    assert lines[-2:] == [
        "| v1 | 0.800 | 0.700 | 0.800 | 0.700 |",
        "| **together** | 0.800 | 0.700 | 0.800 | 0.700 |",
    ]


def test_says_what_is_unusual_about_a_run() -> None:
    record = made_record("odd", 0.5)
    record["config"] |= {
        "block": "residual",
        "squeeze_excitation": True,
        "side": 64,
        "augmentation": {"mixup": 0.2, "noise": 0.0},
        "loss_weights": {"consensus": 2.0, "fer2013": 1.0},
        "emotion_weights": {"disgust": 3.0},
        "seed": 5,
        "start": "v2",
        "teachers": ["v2", "wide"],
        "teachers_share": 0.5,
        "teachers_study": True,
        "sharpness_radius": 0.1,
    }
    assert (
        "| 4×1-8×2, residual, squeeze and excitation, enlarged to 64, mixup 0.2, seed 5, from v2, "
        "flat within 0.1, consensus × 2, disgust × 3, 50% by v2 + wide that studied |"
    ) in experiments.document([record])


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
