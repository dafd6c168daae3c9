"""The model card states the figures of the manifest."""

import copy
from pathlib import Path

import pytest

from ml import manifest
from ml.inference import DEFAULT_VERSION
from ml.training import lineage, model_card


def test_committed_card_is_that_of_the_default_version() -> None:
    document = manifest.read(DEFAULT_VERSION).document
    assert Path("docs/model_card.md").read_text() == model_card.card(document)


@pytest.mark.parametrize("version", manifest.available_versions())
def test_every_manifest_makes_a_card(version: str) -> None:
    assert f"network {version}\n" in model_card.card(manifest.read(version).document)


def test_lineage_goes_back_to_random_weights() -> None:
    found = lineage.lineage(manifest.read("v7").document)
    assert [each.network for each in found] == [
        *("v2", "v3", "v6", "wide", "broad", "residual", "v7")
    ]
    known: set[str] = set()
    for each in found:
        assert known.issuperset(each.parents)
        known.add(each.network)
    assert {each.network for each in found if each.start is None} == {"v2", "wide", "residual"}
    assert sum(each.hours for each in found) == pytest.approx(7.7, abs=0.05)


def test_lineage_of_a_fine_tune_and_of_a_stranger() -> None:
    document = copy.deepcopy(manifest.read("v7").document) | {"version": "v7-june"}
    document["training"] |= {"config": {"name": "finetune"}, "base": {"version": "v5"}}
    # v3 and v5 are one network, served in two ways.
    assert [each.network for each in lineage.lineage(document)] == ["v2", "v5", "v7-june"]
    document["training"]["config"]["teachers"] = ["nobody"]
    with pytest.raises(ValueError, match="'nobody'"):
        lineage.lineage(document)


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
