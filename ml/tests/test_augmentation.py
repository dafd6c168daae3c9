"""Random changes to training images are reproducible and as large as configured."""

from dataclasses import replace

import numpy as np
import pytest

from ml.tests.conftest import made_faces

pytestmark = pytest.mark.training


def test_augmentation_follows_its_seed() -> None:
    import tensorflow as tf

    from ml.training.augmentation import augment
    from ml.training.config import Augmentation

    images = made_faces(16)[..., None].astype(np.float32)
    first = augment(tf.constant(images), tf.constant([1, 2], tf.int64), Augmentation()).numpy()
    again = augment(tf.constant(images), tf.constant([1, 2], tf.int64), Augmentation()).numpy()
    other = augment(tf.constant(images), tf.constant([1, 3], tf.int64), Augmentation()).numpy()
    assert np.array_equal(first, again)
    assert np.abs(first - other).mean() > 5
    assert first.shape == images.shape
    assert 0 <= first.min() <= first.max() <= 255


def test_augmentation_of_nothing_changes_only_sides() -> None:
    import tensorflow as tf

    from ml.training.augmentation import augment
    from ml.training.config import Augmentation

    still = Augmentation(
        rotation_degrees=0, zoom=0, shift=0, brightness=0, contrast=0, erase_probability=0
    )
    images = made_faces(32)[..., None].astype(np.float32)
    found = augment(tf.constant(images), tf.constant([5, 5], tf.int64), still).numpy()
    same = np.abs(found - images).max(axis=(1, 2, 3)) < 0.01
    mirrored = np.abs(found - images[:, :, ::-1]).max(axis=(1, 2, 3)) < 0.01
    assert (same | mirrored).all()
    assert same.any()
    assert mirrored.any()


def test_blur_and_noise_degrade_as_much_as_told() -> None:
    import tensorflow as tf

    from ml.training.augmentation import augment
    from ml.training.config import Augmentation

    still = Augmentation(
        rotation_degrees=0, zoom=0, shift=0, brightness=0, contrast=0, erase_probability=0
    )
    images = np.full((64, 48, 48, 1), 128, np.float32)
    seed = tf.constant([5, 5], tf.int64)
    noisy = augment(tf.constant(images), seed, replace(still, noise=20.0)).numpy()
    strengths = noisy.std(axis=(1, 2, 3))
    assert 0 < strengths.min() < 5
    assert 15 < strengths.max() < 21
    images[:, :, 24:] = 255
    blurred = augment(tf.constant(images), seed, replace(still, blur_probability=0.5)).numpy()
    softer = np.abs(np.diff(blurred[:, 24, :, 0])).max(axis=1) < 120
    assert 0.2 < softer.mean() < 0.6
    # What is far from the edge stays.
    assert blurred[:, :, 10].mean() + blurred[:, :, 37].mean() == pytest.approx(128 + 255, abs=1)


def test_mixup_keeps_shares_and_ignores_targets_without_weight() -> None:
    import tensorflow as tf

    from ml.training.augmentation import mix

    images = np.zeros((4, 2, 2, 1), np.float32)
    images[[0, 1]] = 100
    target = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    weight = np.array([1, 1, 1, 0], np.float32)
    seed = tf.constant([3, 4], tf.int64)
    mixed, targets, weights = mix(
        tf.constant(images), {"head": tf.constant(target)}, {"head": tf.constant(weight)}, seed, 0.4
    )
    # 0 is mixed with 3, which nobody tagged; 1 with 2, which is all black.
    share = mixed.numpy()[:, 0, 0, 0] / 100
    assert 0 < share[0] < 1
    assert weights["head"].numpy() == pytest.approx([share[0], 1, 1, share[3]], abs=1e-5)
    assert targets["head"].numpy()[0] == pytest.approx([1, 0])
    assert targets["head"].numpy()[1] == pytest.approx([share[1], 1 - share[1]], abs=1e-5)
    assert targets["head"].numpy()[3] == pytest.approx([1, 0])
