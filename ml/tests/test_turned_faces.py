"""Faces that lie on their side or upside down are turned upright before they are read."""

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ml import preprocessing, turned_faces
from ml.face_detection import CenterFace
from ml.inference import Analyser
from ml.training.studies.turned_photos import largest, photos, turned
from ml.types import Box, FaceDetection

Photo = NDArray[np.uint8]
UPRIGHT = np.array([[80, 90], [120, 90], [100, 110], [85, 130], [115, 130]], np.float32)


def a_face(degrees: float = 0, box: Box | None = None) -> FaceDetection:
    """Return a face about (100, 110), turned clockwise by so much."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = ((UPRIGHT - 110) @ turn + 110).astype(np.float32)
    return FaceDetection(box or Box(70, 70, 60, 80), points, 0.9)


@pytest.mark.parametrize("degrees", [60, 90, 150, 180, 240, 300])
@pytest.mark.weights
def test_a_turned_face_is_read_as_upright(
    analyser: Analyser, astronaut: Photo, degrees: float
) -> None:
    (upright,) = analyser.analyse(astronaut)
    picture, matrix = turned(astronaut, degrees)
    (face,) = analyser.analyse(picture)
    assert (face.emotion, face.uncertain) == ("happy", False)
    assert face.quality.flags == ()
    away = (face.quality.roll - upright.quality.roll + degrees + 180) % 360 - 180
    assert abs(away) < 20
    # Box and landmarks are where the face is in the turned photo.
    assert upright.landmarks is not None
    assert face.landmarks is not None
    moved = upright.landmarks @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(face.landmarks - moved).max() < 0.2 * upright.quality.face_size
    middle = np.array([face.box.x + face.box.width / 2, face.box.y + face.box.height / 2])
    assert np.abs(middle - moved.mean(axis=0)).max() < 0.25 * upright.quality.face_size


@pytest.mark.weights
def test_upright_faces_are_not_turned(montage: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = Mock()
    monkeypatch.setattr(turned_faces, "settled", settled)
    assert len(CenterFace().detect(montage)) == 3
    settled.assert_not_called()


def test_a_face_that_is_found_beyond_the_edge_alone_is_none() -> None:
    """At the edge the square shows its repeated pixels, far enough to hold a whole small face."""
    photo = np.zeros((200, 200, 3), np.uint8)
    cut = a_face(180, Box(196, 70, 4, 80))
    middle = turned_faces.PATCH / 2 - 0.45 * turned_faces.FACE
    points = (UPRIGHT - 110) * 0.6 + np.array([middle, 128])
    seen = FaceDetection(Box(middle - 22, 90, 44, 76), points.astype(np.float32), 0.9)
    found = turned_faces.settled(lambda _: [seen], lambda _: [], photo, [cut])
    assert all(min(face.box.width, face.box.height) >= 1 for face in found)
    assert len(found) == 1


def test_which_faces_are_turned() -> None:
    assert not turned_faces.is_turned(a_face())
    assert not turned_faces.is_turned(a_face(30))
    for degrees in (60, 120, 180, -90):
        assert turned_faces.is_turned(a_face(degrees))
    # Landmarks may be wrong where the box shows that the face lies.
    lying = a_face(0, Box(60, 80, 80, 60))
    assert turned_faces.is_turned(lying)
    # One that the edge cuts off is not high any more.
    assert not turned_faces.is_turned(replace(lying, outside=0.3))


def test_one_that_is_not_seen_upright_is_marked_and_cost_is_bounded() -> None:
    photo = np.zeros((220, 220, 3), np.uint8)
    looks: list[Any] = []

    def nothing(picture: Photo) -> list[FaceDetection]:
        looks.append(picture.shape)
        return []

    faces = [a_face(90) for _ in range(turned_faces.MAX_TURNED + 5)]
    found = turned_faces.settled(nothing, nothing, photo, [*faces, a_face()])
    assert [face.upright for face in found] == [True] + [False] * len(faces)
    # One of the whole photo, the others of small squares.
    assert looks[0] == photo.shape
    assert len(looks) - 1 <= 2 * len(turned_faces.QUARTERS) * turned_faces.MAX_TURNED
    assert set(looks[1:]) == {(turned_faces.PATCH, turned_faces.PATCH, 3)}


def test_a_faint_face_does_not_stand_for_one_that_is_clear_when_turned_on() -> None:
    # A face that lies may pass as an upright one, but faintly: the other quarters are tried.
    photo, scores = np.zeros((220, 220, 3), np.uint8), iter([0.7, 0.9, 0.8])
    middle = UPRIGHT + 18

    def look(_: Photo) -> list[FaceDetection]:
        return [FaceDetection(Box(90, 85, 70, 90), middle, next(scores))]

    (face,) = turned_faces.settled(look, lambda _: [], photo, [a_face(90)])
    assert face.score == 0.9
    assert face.upright


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_face_of_the_turned_photo_is_put_back(quarters: int) -> None:
    photo = np.zeros((200, 300, 3), np.uint8)
    upright = FaceDetection(Box(60, 70, 60, 80), UPRIGHT, 0.9)

    def whole(picture: Photo) -> list[FaceDetection]:
        assert picture.shape == np.rot90(photo, quarters).shape
        return [upright]

    place = turned_faces._in_turned_photo(whole, photo, quarters)[0]
    spot = np.zeros(photo.shape[:2], np.uint8)
    spot = np.ascontiguousarray(np.rot90(spot, quarters))
    spot[80:100, 70:90] = 1
    rows, columns = np.nonzero(np.rot90(spot, -quarters))
    # A corner of the box in the turned photo is one of the box in the photo.
    assert place.box.x - 1 <= columns.min() <= columns.max() <= place.box.x + place.box.width
    assert place.box.y - 1 <= rows.min() <= rows.max() <= place.box.y + place.box.height
    away = (turned_faces.roll_degrees(place.landmarks) - 90 * quarters) % 360
    assert min(away, 360 - away) < 1


def test_a_face_elsewhere_in_the_square_is_another_one() -> None:
    photo = np.zeros((220, 220, 3), np.uint8)
    other = FaceDetection(Box(0, 0, 70, 90), UPRIGHT, 0.95)
    (face,) = turned_faces.settled(lambda _: [other], lambda _: [], photo, [a_face(90)])
    assert not face.upright


@pytest.mark.parametrize("degrees", [75.0, -100.0, 180.0])
def test_a_crop_is_turned_by_any_roll(degrees: float) -> None:
    assert preprocessing.frame(a_face(degrees)).roll == pytest.approx(degrees, abs=1e-3)


def test_the_square_shows_the_face_upright(astronaut: Photo) -> None:
    (face,) = CenterFace().detect(astronaut)
    picture, matrix = turned(astronaut, 90)
    assert face.landmarks is not None
    points = (face.landmarks @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    middle = points.mean(axis=0)
    box = Box(float(middle[0]) - 60, float(middle[1]) - 45, 120, 90)
    seen: list[Photo] = []

    def keep(square: Photo) -> list[FaceDetection]:
        seen.append(square)
        return []

    turned_faces.settled(keep, lambda _: [], picture, [FaceDetection(box, points, 0.9)])
    straight = cv2.resize(astronaut, (256, 256))
    assert seen[0].shape == straight.shape
    (again,) = [
        found
        for found in CenterFace().detect(seen[0])
        if abs(preprocessing.roll_degrees(found)) < 15
    ]
    assert again.box.width == pytest.approx(turned_faces.FACE * 0.85, abs=15)


def test_photos_of_a_folder(tmp_path: Any, astronaut: Photo) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), astronaut[..., ::-1])
    (tmp_path / "two.txt").write_text("no photo")
    (photo,) = photos(tmp_path)
    assert np.array_equal(photo, astronaut)
    assert largest([]) is None
