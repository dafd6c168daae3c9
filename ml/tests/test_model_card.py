"""The model card states the figures of the manifest."""

import copy
from pathlib import Path

from ml import manifest
from ml.inference import DEFAULT_VERSION
from ml.training import model_card


def test_committed_card_is_that_of_the_default_version() -> None:
    document = manifest.read(DEFAULT_VERSION).document
    assert Path("docs/model_card.md").read_text() == model_card.card(document)


def test_figures_come_from_the_manifest() -> None:
    document = copy.deepcopy(manifest.read(DEFAULT_VERSION).document)
    found = document["metrics"]["test"]["consensus"]
    found["accuracy"], found["accuracy_ci95"] = 0.123, [0.1, 0.2]
    found["certain"] = {"coverage": 0.321, "accuracy": 0.5}
    for name, row in found["per_class"].items():
        row["recall"] = {"happy": 0.01, "sad": 0.02}.get(name, 0.9)
    text = model_card.card(document)
    assert "accuracy 0.123 (0.100 to 0.200)" in text
    assert "32.1% are above it, and 50.0% of those" in text
    assert "least often are happy (1%) and sad (2%)" in text
