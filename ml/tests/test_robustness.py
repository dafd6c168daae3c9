"""Each change alters pictures as its name says, and the measurement detects it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml.labels import EMOTIONS
from ml.training import data, figures, robustness
from ml.training.robustness import KINDS

Crop = NDArray[np.uint8]


@pytest.fixture
def crop() -> Crop:
    """Return a crop so varied that every change shows."""
    y, x = np.mgrid[0:48, 0:48]
    return (100 + 60 * np.sin(x / 3) + 40 * np.cos(y / 5)).astype(np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_every_level_is_another_picture(kind: str, crop: Crop) -> None:
    change, levels = KINDS[kind]
    seen = [change(crop, level) for level in levels]
    assert all(each.shape == (48, 48) and each.dtype == np.uint8 for each in seen)
    assert len({each.tobytes() for each in seen}) == len(levels)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "JPEG quality"])
def test_one_level_changes_nothing(kind: str, crop: Crop) -> None:
    change, levels = KINDS[kind]
    assert any(np.array_equal(change(crop, level), crop) for level in levels)


def test_changes_go_the_right_way(crop: Crop) -> None:
    assert robustness.lit(crop, 0.5).mean() == pytest.approx(crop.mean() / 2, abs=1)
    assert robustness.contrasted(crop, 0.5).std() == pytest.approx(crop.std() / 2, abs=1)
    assert robustness.contrasted(crop, 0.5).mean() == pytest.approx(crop.mean(), abs=1)
    assert (robustness.noisy(crop, 10) - crop.astype(float)).std() == pytest.approx(10, abs=1)
    assert (robustness.covered(crop, 2)[24:] == 128).all()
    assert np.array_equal(robustness.covered(crop, 2)[:24], crop[:24])
    corner = np.zeros((48, 48), np.uint8)
    corner[2:8, 2:8] = 255
    # Counter-clockwise: the upper left corner moves down.
    assert robustness.rotated(corner, 30)[12:].sum() > robustness.rotated(corner, -30)[12:].sum()


def test_measure_counts_hits(crop: Crop) -> None:
    votes = np.zeros((3, 7), np.uint8)
    votes[[0, 1], EMOTIONS.index("happy")] = 10
    votes[2, EMOTIONS.index("sad")] = 10
    faces = data.FaceDataset(np.stack([crop] * 3), np.zeros(3, np.uint8), votes)

    def happy_unless_dark(crops: Crop) -> NDArray[np.float32]:
        answers = np.zeros((len(crops), 7), np.float32)
        dark = crops.mean(axis=(1, 2)) < 20
        answers[np.arange(len(crops)), np.where(dark, 0, EMOTIONS.index("happy"))] = 1
        return answers

    curves = robustness.measure(happy_unless_dark, faces)
    assert curves["brightness ×"]["1"] == pytest.approx(2 / 3, abs=1e-4)
    assert curves["brightness ×"]["0.1"] == 0
    assert set(curves) == set(KINDS)
    assert list(curves["half covered"]) == ["nothing", "upper", "lower", "left", "right"]
    worse = {kind: dict.fromkeys(levels, 0.5) for kind, levels in curves.items()}
    assert "0.1: 0.000 (-50.0)" in robustness.table(curves, worse)
    assert "(" not in robustness.table(curves).replace("in (", "")


def test_plot(tmp_path: Path) -> None:
    curves = {kind: {"0": 0.8, "1": 0.5} for kind in KINDS}
    figures.save(figures.robustness({"new": curves, "old": curves}), tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as image:
        assert image.width > 800
