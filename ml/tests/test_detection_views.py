"""The pictures that the detector looks at."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.detection_views import CLOSE_UP, CloseUp, DetectionPass
from ml.types import Box, FaceDetection


def test_a_pass_centres_the_photo_on_its_mean_colour() -> None:
    photo = np.zeros((100, 200, 3), np.uint8)
    photo[:, :100] = 230
    picture, view = DetectionPass(160, 192).picture(photo)
    assert picture.shape == (192, 192, 3)
    assert (view.scale, view.left, view.top) == (0.8, 16, 56)
    assert np.unique(picture[96, 20]) == 230
    assert np.unique(picture[96, 170]) == 0
    assert np.unique(picture[0, 0]) == 115


def test_a_pass_brightens_a_dark_photo() -> None:
    photo = np.full((96, 96, 3), 10, np.uint8)
    photo[:48] = 46
    picture, _ = DetectionPass(96, 96).picture(photo)
    assert sorted(np.unique(picture)) == [50, 230]


def face_at(x: float, y: float, side: float) -> FaceDetection:
    return FaceDetection(Box(x - side / 2, y - side / 2, side, side), None, 0.3)


@pytest.mark.parametrize("place", [(2000, 1500), (3, 2), (3990, 2990)])
def test_a_close_up_stays_in_the_photo(place: tuple[int, int]) -> None:
    photo: NDArray[np.uint8] = np.zeros((3000, 4000, 3), np.uint8)
    photo[place[1], place[0]] = 255
    close_up = CloseUp.around(face_at(*place, 40), photo, 0.6)
    picture, view = close_up.picture(photo)
    assert abs(picture.shape[0] - CLOSE_UP) <= 1
    assert abs(picture.shape[1] - CLOSE_UP) <= 1
    row, column = np.unravel_index(picture[..., 0].argmax(), picture.shape[:2])
    there = ((column - view.left) / view.scale, (row - view.top) / view.scale)
    assert there == pytest.approx(place, abs=3)


def test_a_close_up_holds_whole_faces_only() -> None:
    photo = np.zeros((3000, 4000, 3), np.uint8)
    close_up = CloseUp.around(face_at(2000, 1500, 40), photo, 1.0)
    assert close_up.holds(face_at(2000, 1500, 40))
    assert close_up.holds(face_at(2130, 1500, 40))
    assert not close_up.holds(face_at(2150, 1500, 40))
    assert not close_up.holds(face_at(2000, 1320, 40))
