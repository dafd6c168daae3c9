"""Tests of finding cuts between shots."""

from collections.abc import Iterator

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from ml.videos.cuts import CutDetector

Picture = NDArray[np.uint8]


def pan(picture: Picture, light: float = 0.02) -> Iterator[Picture]:
    """Yield ten frames that move over a picture by a hundredth of its width each, and brighten."""
    step = picture.shape[1] // 100
    for number in range(10):
        part = picture[:, number * step : number * step + picture.shape[1] // 2]
        yield np.clip(part * (0.8 + light * number), 0, 255).astype(np.uint8)


def cuts(frames: Iterator[Picture] | list[Picture]) -> list[int]:
    detector = CutDetector()
    return [number for number, frame in enumerate(frames) if detector.is_cut(frame)]


def test_a_camera_that_moves_makes_no_cut() -> None:
    assert cuts(pan(skimage.data.astronaut())) == []
    assert cuts(pan(skimage.data.coffee(), light=-0.03)) == []


def test_another_picture_is_a_cut() -> None:
    frames = [*pan(skimage.data.astronaut()), *pan(skimage.data.coffee())]
    assert cuts(frames) == [10]


@pytest.mark.parametrize(("black", "expected"), [(0, [3, 6]), (12, [3, 6])])
def test_a_black_frame_between_two_shots_is_a_cut(black: int, expected: list[int]) -> None:
    shot, dark = skimage.data.astronaut(), np.full((100, 100, 3), black, np.uint8)
    assert cuts([shot] * 3 + [dark] * 3 + [shot] * 3) == expected


def test_frames_of_one_colour_are_one_shot() -> None:
    assert cuts([np.full((50, 80, 3), 16 + 20 * number, np.uint8) for number in range(8)]) == []
