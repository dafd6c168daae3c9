"""The crop: which pixels of the photo land where."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ml import preprocessing
from ml.face_detection import CenterFace
from ml.preprocessing import Frame
from ml.training.studies import framing
from ml.types import Box, FaceDetection

Photo = NDArray[np.uint8]


def detection(
    centre: tuple[float, float], size: float, roll: float = 0.0, *, landmarks: bool = True
) -> FaceDetection:
    """Return a face with a square box, and eyes and mouth centred below the box's centre."""
    x, y = centre
    points = np.array([[-0.2, -0.2], [0.2, -0.2], [0, 0], [-0.15, 0.2], [0.15, 0.2]]) * size
    angle = np.radians(roll)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = (points @ turn.T + centre).astype(np.float32) if landmarks else None
    return FaceDetection(Box(x - size / 2, y - size / 2, size, size), turned, 0.9)


def ramp(height: int, width: int) -> Photo:
    """Return an image whose grey grows by one a column and by two a row."""
    y, x = np.mgrid[0:height, 0:width]
    return np.repeat((x + 2 * y)[..., None], 3, axis=2).astype(np.uint8)


def test_one_to_one() -> None:
    photo = ramp(60, 70)
    crop = preprocessing.cut(photo, Frame(30, 28, 48, 0))
    assert crop.shape == (48, 48)
    assert crop.dtype == np.uint8
    assert np.array_equal(crop, photo[4:52, 6:54, 0])


@pytest.mark.parametrize("factor", [2, 3, 11])
def test_shrinking_averages(factor: int) -> None:
    random = np.random.default_rng(1)
    small = random.integers(0, 256, (48, 48), np.uint8)
    photo = np.repeat(np.repeat(small, factor, axis=0), factor, axis=1)
    side = 48 * factor
    rgb = np.repeat(photo[..., None], 3, axis=2)
    crop = preprocessing.cut(rgb, Frame(side / 2, side / 2, side, 0))
    assert np.array_equal(crop, small)


def test_nothing_aliases() -> None:
    # A fine checkerboard is grey from afar; sampling single pixels would show a pattern.
    photo = np.zeros((1000, 1000, 3), np.uint8)
    photo[::2, ::2] = photo[1::2, 1::2] = 255
    crop = preprocessing.cut(photo, Frame(500, 500, 517, 7))
    assert crop.std() < 8
    assert crop.mean() == pytest.approx(127.5, abs=3)


def test_enlarging_interpolates() -> None:
    crop = preprocessing.cut(ramp(20, 20), Frame(10, 10, 12, 0)).astype(int)
    assert set(np.diff(crop[24])) <= {0, 1}
    assert crop[24, 40] - crop[24, 8] == 8


def test_grey_is_bt601() -> None:
    for colour, level in (((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29)):
        photo = np.full((50, 50, 3), colour, np.uint8)
        assert (preprocessing.cut(photo, Frame(25, 25, 48, 0)) == level).all()


def test_border_is_repeated() -> None:
    photo = ramp(60, 60)
    crop = preprocessing.cut(photo, Frame(0, 30, 48, 0))
    assert np.array_equal(crop[:, :24], np.repeat(photo[6:54, :1, 0], 24, axis=1))


@pytest.mark.parametrize("roll", [90.0, -90.0, 180.0])
def test_quarter_turns_are_exact(roll: float) -> None:
    photo = ramp(48, 48)
    crop = preprocessing.cut(photo, Frame(24, 24, 48, roll))
    assert np.array_equal(crop, np.rot90(photo[..., 0], round(roll / 90)))


def test_frame_from_eyes_and_mouth() -> None:
    square = preprocessing.frame(detection((100, 80), 50))
    assert square.side == pytest.approx(50 * preprocessing.SIDE_PER_SIZE)
    assert (square.centre_x, square.roll) == (100, 0)
    assert square.centre_y == pytest.approx(80 - preprocessing.RISE * square.side, abs=1e-4)


def test_frame_without_landmarks_is_the_boxs() -> None:
    square = preprocessing.frame(detection((100, 80), 50, landmarks=False))
    assert (square.centre_x, square.centre_y, square.roll) == (100, 80, 0)


def test_implausible_landmarks_are_ignored() -> None:
    face = detection((100, 80), 50)
    assert face.landmarks is not None
    face.landmarks[3:] -= 60  # the mouth above the eyes
    assert preprocessing.frame(face).centre_y == 80


@pytest.mark.parametrize("roll", [-40.0, -10.0, 25.0])
def test_a_turned_face_gives_the_same_crop(astronaut: Photo, roll: float) -> None:
    centre = (225.0, 135.0)
    turn = cv2.getRotationMatrix2D(centre, -roll, 1)
    turned = cv2.warpAffine(astronaut, turn, (512, 512), flags=cv2.INTER_CUBIC)
    straight = preprocessing.crop(astronaut, detection(centre, 110))
    again = preprocessing.crop(np.asarray(turned, np.uint8), detection(centre, 110, roll))
    assert np.abs(straight.astype(int) - again).mean() < 4


@pytest.mark.parametrize("scale", [0.5, 2.0, 5.0])
def test_a_scaled_face_gives_the_same_crop(astronaut: Photo, scale: float) -> None:
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = np.asarray(
        cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=method), np.uint8
    )
    crop = preprocessing.crop(astronaut, detection((225, 135), 110))
    again = preprocessing.crop(scaled, detection((225 * scale, 135 * scale), 110 * scale))
    assert np.abs(crop.astype(int) - again).mean() < 2.5


def test_a_crop_that_is_found_again_is_framed_again(astronaut: Photo) -> None:
    detector = CenterFace()
    (face,) = detector.detect(astronaut)
    (again,) = detector.detect(framing.canvas(preprocessing.crop(astronaut, face), enlarge=4))
    square, side = preprocessing.frame(again), 4 * preprocessing.CROP_SIZE
    assert square.side == pytest.approx(side, rel=0.15)
    assert square.centre_x == pytest.approx(framing.CANVAS / 2, abs=0.06 * side)
    assert square.centre_y == pytest.approx(framing.CANVAS / 2, abs=0.06 * side)


def test_roll() -> None:
    assert preprocessing.roll_degrees(detection((50, 50), 20, 15)) == pytest.approx(15, abs=1e-3)
    assert preprocessing.roll_degrees(detection((50, 50), 20, landmarks=False)) == 0


@pytest.mark.parametrize("photo", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float64)])
def test_bad_photos(photo: Any) -> None:
    with pytest.raises(ValueError, match="photo must be"):
        preprocessing.crop(photo, detection((4, 4), 5))
