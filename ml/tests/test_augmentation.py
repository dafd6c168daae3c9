"""Random changes to training images follow their numbers and are as large as configured."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.tests.conftest import made_faces
from ml.training.config import Augmentation

pytestmark = pytest.mark.training

STILL = Augmentation(
    rotation_degrees=0, zoom=0, shift=0, brightness=0, contrast=0, erase_probability=0
)
"""Mirrors and changes nothing else."""
HARSH = Augmentation(
    blur_probability=0.5,
    noise=8.0,
    gamma=0.4,
    slope=0.3,
    cover_probability=0.5,
    coarse_probability=0.5,
    jpeg_probability=0.5,
)
"""All changes at once."""


def changed(images: NDArray[Any], config: Augmentation, seed: int = 5) -> NDArray[np.float32]:
    """Return the images (N, 48, 48) as the configuration changes them."""
    from ml.training.augmentation import augment

    uniform = drawn(len(images), seed)
    return np.asarray(augment(images[..., None].astype(np.float32), uniform, config))[..., 0]


def drawn(count: int, seed: int) -> NDArray[np.float32]:
    from ml.training import draws

    return np.random.default_rng(seed).random((count, draws.COUNT), np.float32)


def test_changes_follow_their_numbers() -> None:
    images = made_faces(16)
    first, again, other = (changed(images, HARSH, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.abs(first - other).mean() > 5
    assert first.shape == images.shape
    assert 0 <= first.min() <= first.max() <= 255


def test_nothing_but_sides_changes_where_nothing_is_asked_for() -> None:
    images = made_faces(32).astype(np.float32)
    found = changed(images, STILL)
    same = np.abs(found - images).max(axis=(1, 2)) < 0.01
    mirrored = np.abs(found - images[:, :, ::-1]).max(axis=(1, 2)) < 0.01
    assert (same | mirrored).all()
    assert same.any()
    assert mirrored.any()


def test_blur_and_noise_degrade_as_much_as_told() -> None:
    images = np.full((64, 48, 48), 128, np.float32)
    strengths = changed(images, replace(STILL, noise=20.0)).std(axis=(1, 2))
    assert 0 < strengths.min() < 5
    assert 15 < strengths.max() < 21
    images[:, :, 24:] = 255
    blurred = changed(images, replace(STILL, blur_probability=0.5))
    softer = np.abs(np.diff(blurred[:, 24])).max(axis=1) < 120
    assert 0.2 < softer.mean() < 0.6
    # What is far from the edge stays.
    assert blurred[:, :, 10].mean() + blurred[:, :, 37].mean() == pytest.approx(128 + 255, abs=1)


def test_light_from_one_side_is_a_slope_and_no_more_light() -> None:
    images = np.full((64, 48, 48), 100, np.float32)
    found = changed(images, replace(STILL, slope=0.3))
    assert found.mean(axis=(1, 2)) == pytest.approx(np.full(64, 100), abs=0.1)
    ends = np.abs(found[:, 0, 0] - found[:, -1, -1])
    assert ends.max() > 30
    assert np.abs(np.diff(found, n=2, axis=1)).max() < 0.01


def test_gamma_keeps_black_white_and_order() -> None:
    images = np.broadcast_to(np.linspace(0, 255, 48), (64, 48, 48)).astype(np.float32)
    found = changed(images, replace(STILL, gamma=0.4))
    found = np.where(found[:, :1, :1] > found[:, :1, -1:], found[:, :, ::-1], found)
    assert found[:, :, 0].max() < 1
    assert found[:, :, -1] == pytest.approx(np.full((64, 48), 255), abs=0.1)
    assert (np.diff(found, axis=2) >= 0).all()
    darkest, brightest = found[:, 0, 24].min(), found[:, 0, 24].max()
    assert darkest < 105
    assert brightest > 150


def test_covers_hide_eyes_or_mouth_of_as_many_as_told() -> None:
    images = np.zeros((200, 48, 48), np.float32)
    found = changed(images, replace(STILL, cover_probability=0.5)) > 0
    covered = found.any(axis=(1, 2))
    assert 0.35 < covered.mean() < 0.65
    upper = found[covered][:, :24].sum(axis=(1, 2)) > found[covered][:, 24:].sum(axis=(1, 2))
    assert 0.3 < upper.mean() < 0.7
    assert found[covered].mean(axis=(1, 2)).max() < 0.6


@pytest.mark.parametrize(
    "worse", [{"coarse_probability": 0.5}, {"jpeg_probability": 0.5}], ids=["coarse", "jpeg"]
)
def test_files_and_small_faces_lose_detail(worse: dict[str, float]) -> None:
    images = made_faces(100).astype(np.float32)
    found = changed(images, replace(STILL, **worse))
    plain = changed(images, STILL)
    apart = np.abs(found - plain).mean(axis=(1, 2))
    touched = apart > 0.5
    assert 0.3 < touched.mean() < 0.7
    assert apart[~touched].max() < 0.01
    assert apart.max() < 25
    # Means stay: only detail is lost.
    assert np.abs(found.mean(axis=(1, 2)) - plain.mean(axis=(1, 2))).max() < 4


def test_jpeg_is_that_of_the_standard() -> None:
    import cv2

    from ml.training import degradation
    from ml.training.draws import Draws

    images = made_faces(8)[..., None].astype(np.float32)
    uniform = np.zeros((8, 2), np.float32)
    uniform[:, 1] = (1 - 0.2) / (degradation.COARSEST - 0.2)  # the table itself: quality 50
    found = np.asarray(degradation._compress(images, Draws(uniform), 0.5))[..., 0]
    for image, compressed in zip(images, found, strict=True):
        options = [cv2.IMWRITE_JPEG_QUALITY, 50]
        _, content = cv2.imencode(".jpg", image.astype(np.uint8), options)
        expected: Any = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
        assert np.abs(np.clip(compressed, 0, 255) - expected).mean() < 1


def test_mixup_keeps_shares_and_ignores_targets_without_weight() -> None:
    from ml.training.augmentation import mix

    images = np.zeros((4, 2, 2, 1), np.float32)
    images[[0, 1]] = 100
    target = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    weight = np.array([1, 1, 1, 0], np.float32)
    share = np.array([0.7, 0.4, 0.6, 0.2], np.float32)
    found, targets, weights = mix(images, {"head": target}, {"head": weight}, share)
    # 0 is mixed with 3, which nobody tagged; 1 with 2, which is all black.
    assert np.asarray(found)[:, 0, 0, 0] == pytest.approx([70, 40, 40, 80])
    assert np.asarray(weights["head"]) == pytest.approx([0.7, 1, 1, 0.8], abs=1e-5)
    answers = np.asarray(targets["head"])
    assert answers == pytest.approx(np.array([[1, 0], [0.4, 0.6], [0.4, 0.6], [1, 0]]), abs=1e-5)


def test_rare_emotions_come_up_more_often() -> None:
    from ml.training import data, train

    label = np.array([1] * 10 + [3] * 90, np.uint8)
    faces = data.FaceDataset(np.zeros((100, 48, 48), np.uint8), label, None)
    assert train.rarity(faces, 0.0) == pytest.approx(np.full(100, 0.01))
    chance = train.rarity(faces, 0.5)
    assert chance.sum() == pytest.approx(1)
    assert chance[0] / chance[50] == pytest.approx(3)
    assert train.rarity(faces, 1.0)[:10].sum() == pytest.approx(0.5)
