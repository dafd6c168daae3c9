"""Flags tell what makes a face hard to read; its light sets none."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ml import quality
from ml.inference import Analyser
from ml.types import Box, FaceDetection

FRONTAL = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)


def detection(landmarks: NDArray[np.float32] | None = FRONTAL, size: float = 100) -> FaceDetection:
    return FaceDetection(Box(0, 0, size, size), landmarks, 0.9)


@pytest.fixture
def crop() -> NDArray[np.uint8]:
    """Return a crop of sharp squares of middle grey."""
    squares = np.random.default_rng(1).integers(30, 210, (6, 6)).astype(np.uint8)
    return np.kron(squares, np.ones((8, 8), np.uint8))


def test_good_face_has_no_flag(crop: NDArray[np.uint8]) -> None:
    assert quality.measure(crop, detection()).flags == ()


def test_small_face(crop: NDArray[np.uint8]) -> None:
    assert quality.measure(crop, detection(size=20)).flags == ("small",)


def test_blur_is_seen_and_darkness_is_not_taken_for_it(crop: NDArray[np.uint8]) -> None:
    blurred = np.asarray(cv2.GaussianBlur(crop, (0, 0), 3), np.uint8)
    assert quality.measure(blurred, detection()).flags == ("blurred",)
    dark = (crop * 0.3).astype(np.uint8)
    assert quality.measure(dark, detection()).flags == ()
    ratio = quality.measure_crop(dark)["sharpness"] / quality.measure_crop(crop)["sharpness"]
    assert ratio == pytest.approx(1, abs=0.05)


def test_even_grey_is_not_sharp() -> None:
    grey = np.full((48, 48), 9, np.uint8)
    assert quality.measure_crop(grey) == {"sharpness": 0.0, "brightness": 9.0, "contrast": 0.0}


@pytest.mark.parametrize("degrees", [0, 30, 90])
def test_turn_is_measured_along_the_eyes(degrees: float) -> None:
    aside = FRONTAL.copy()
    aside[2, 0] += 16  # 0.4 of the eyes' distance
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    assert quality.turn(detection((FRONTAL @ rotation).astype(np.float32))) < 1e-5
    turned = detection((aside @ rotation).astype(np.float32))
    assert quality.turn(turned) == pytest.approx(0.4, abs=1e-4)


def test_nothing_is_known_without_landmarks() -> None:
    assert quality.turn(detection(None)) == 0
    assert quality.turn(detection(np.zeros((5, 2), np.float32))) == 0


@pytest.mark.weights
def test_a_small_face_in_a_photo(analyser: Analyser, astronaut: NDArray[np.uint8]) -> None:
    (large,) = analyser.analyse(astronaut)
    tiny = np.full((480, 480, 3), 128, np.uint8)
    tiny[:102, :102] = cv2.resize(astronaut, (102, 102), interpolation=cv2.INTER_AREA)
    (little,) = analyser.analyse(tiny)
    assert "small" not in large.quality.flags
    assert "small" in little.quality.flags
    assert little.as_dict()["quality"]["flags"] == list(little.quality.flags)  # type: ignore[index]
