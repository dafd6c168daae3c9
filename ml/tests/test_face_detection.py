"""CenterFace on pictures with known faces."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import Mock

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ml.detection_views import DetectionPass
from ml.face_detection import DETECTION_PASSES, LARGE_PHOTO, CenterFace
from ml.tests.conftest import PICTURES
from ml.types import Box, FaceDetection

Photo = NDArray[np.uint8]


@pytest.fixture(scope="module")
def detector() -> CenterFace:
    return CenterFace()


def geometry(face: FaceDetection) -> list[float]:
    """Return box and landmarks in one list."""
    assert face.landmarks is not None
    box = face.box
    return [box.x, box.y, box.width, box.height, *face.landmarks.ravel().tolist()]


def resized(photo: Photo, scale: float) -> Photo:
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=method)
    return np.asarray(scaled, np.uint8)


def test_one_face(detector: CenterFace, astronaut: Photo) -> None:
    (face,) = detector.detect(astronaut)
    assert face.score > 0.8
    # Read off the picture: from hair to chin and from cheek to cheek.
    assert face.box.x == pytest.approx(180, abs=10)
    assert face.box.y == pytest.approx(55, abs=12)
    assert face.box.width == pytest.approx(90, abs=12)
    assert face.box.height == pytest.approx(122, abs=15)


def test_landmarks_are_where_they_belong(detector: CenterFace, astronaut: Photo) -> None:
    (face,) = detector.detect(astronaut)
    assert face.landmarks is not None
    assert face.landmarks.shape == (5, 2)
    assert face.landmarks.dtype == np.float32
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < nose[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    assert right_eye == pytest.approx([203, 102], abs=6)


def test_several_faces_from_left_to_right(detector: CenterFace, montage: Photo) -> None:
    faces = detector.detect(montage)
    centres = [face.box.x + face.box.width / 2 for face in faces]
    assert centres == pytest.approx([225, 512 + 225, 949 + 512 - 225], abs=30)


def test_crowd(detector: CenterFace, astronaut: Photo) -> None:
    face = resized(astronaut[:256, 96:352], 0.5)
    assert len(detector.detect(np.tile(face, (4, 6, 1)))) == 24


@pytest.mark.parametrize("name", ["coffee", "rocket", "chelsea", "hubble_deep_field", "retina"])
def test_no_face(detector: CenterFace, name: str) -> None:
    assert detector.detect(np.ascontiguousarray(getattr(PICTURES, name)())) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (700, 2, 3), (33, 31, 3)])
def test_odd_shapes(detector: CenterFace, shape: tuple[int, ...]) -> None:
    assert detector.detect(np.full(shape, 127, np.uint8)) == []


def test_small_and_large_copies_agree(detector: CenterFace, astronaut: Photo) -> None:
    (reference,) = detector.detect(astronaut)
    for scale in (0.25, 0.5, 4.0):
        (face,) = detector.detect(resized(astronaut, scale))
        assert np.array(geometry(face)) / scale == pytest.approx(geometry(reference), abs=16)


def test_thumbnail_of_a_face(detector: CenterFace, astronaut: Photo) -> None:
    small = resized(astronaut[20:260, 100:340], 0.2)
    assert len(detector.detect(small)) == 1


Watch = Callable[[CenterFace, float], list[int]]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Let a detector see faces of a score everywhere. Returns the pixels of each of its looks."""

    def start(detector: CenterFace, score: float) -> list[int]:
        seen: list[int] = []

        def outputs(blob: NDArray[np.float32]) -> list[NDArray[np.float32]]:
            height, width = blob.shape[2:]
            seen.append(height * width)
            arrays = [np.zeros((n, height // 4, width // 4), np.float32) for n in (1, 2, 2, 10)]
            arrays[0][0, 3::6, 3::6] = score
            return arrays

        monkeypatch.setattr(detector, "_run", outputs)
        return seen

    return start


@pytest.mark.parametrize("side", [8, 48, 100, 200, 320, 480, 900, 1900, 8000])
@pytest.mark.parametrize("score", [0.0, 0.3, 0.9])
def test_cost_is_bounded(watch: Watch, side: int, score: float) -> None:
    detector = CenterFace()
    seen = watch(detector, score)
    detector.detect(np.zeros((side * 5 // 8, side, 3), np.uint8))
    scale = detector._scale(np.zeros((side * 5 // 8, side, 3), np.uint8))
    # The input is padded, so the working scale sees a little more than the photo's pixels.
    tall, wide = (32 * math.ceil(scale * length / 32) for length in (side * 5 // 8, side))
    assert sum(seen) <= (2.7 if scale < LARGE_PHOTO else 2.1) * tall * wide


@pytest.mark.parametrize("turns", [0, 1])
def test_faces_of_a_panorama(detector: CenterFace, astronaut: Photo, turns: int) -> None:
    photo = np.full((400, 12_000, 3), 127, np.uint8)
    part = astronaut[:400, 60:460]
    for left in (0, 5000, 11_600):
        photo[:, left : left + 400] = part if turns == 0 else np.rot90(part, -1)
    faces = detector.detect(np.rot90(photo, turns) if turns else photo)
    assert len(faces) == 3
    for width, height in ((8000, 1), (65_500, 1), (65_500, 40)):
        scale = detector._scale(np.zeros((height, width, 3), np.uint8))
        assert scale * width * max(scale * height, 32) <= 960 * 480


def test_usual_photo_costs_a_quarter_of_the_working_scale(
    detector: CenterFace, astronaut: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Mock(wraps=detector._run)
    monkeypatch.setattr(detector, "_run", run)
    assert len(detector.detect(astronaut)) == 1
    [[blob], _] = run.call_args
    assert blob.shape == (1, 3, 256, 256)


def two_in_a_large_photo(astronaut: Photo, height: int) -> Photo:
    """A photo of 12 megapixels with two faces of this height, far from each other."""
    (face,) = CenterFace().detect(astronaut)
    small = resized(astronaut, height / face.box.height)
    photo = np.full((3000, 4000, 3), 90, np.uint8)
    for top, left in ((300, 500), (2400, 3200)):
        photo[top : top + small.shape[0], left : left + small.shape[1]] = small
    return photo


def test_small_faces_of_a_large_photo_are_looked_at_closely(
    detector: CenterFace, astronaut: Photo
) -> None:
    photo = two_in_a_large_photo(astronaut, 44)
    assert [face for face in detector.look_at_whole(photo) if face.score >= 0.6] == []
    faces = detector.detect(photo)
    assert len(faces) == 2
    (reference,) = detector.detect(astronaut)
    scale = 44 / reference.box.height
    for face, (top, left) in zip(faces, ((300, 500), (2400, 3200)), strict=True):
        moved = np.array([left, top, 0, 0, *[left, top] * 5])
        assert geometry(face) == pytest.approx(np.array(geometry(reference)) * scale + moved, abs=6)


@pytest.mark.parametrize("height", [26, 40, 60])
def test_small_faces_of_a_usual_photo_are_found_as_at_the_working_scale(
    detector: CenterFace, astronaut: Photo, height: int
) -> None:
    (face,) = detector.detect(astronaut)
    small = resized(astronaut, height / face.box.height)
    photo = np.full((720, 960, 3), 90, np.uint8)
    photo[400 : 400 + small.shape[0], 600 : 600 + small.shape[1]] = small
    (reference,) = [face for face in detector.look_at_whole(photo) if face.score >= 0.6]
    (found,) = detector.detect(photo)
    assert geometry(found) == pytest.approx(geometry(reference), abs=0.08 * height)


@pytest.mark.parametrize("share", [0.9, 0.8])
def test_a_face_that_fills_the_photo(detector: CenterFace, hopper: Photo, share: float) -> None:
    (face,) = detector.detect(hopper)
    box, side = face.box, int(face.box.height * share)
    x, y = int(box.x + (box.width - side) / 2), int(box.y + (box.height - side) / 2)
    tight = np.ascontiguousarray(hopper[y : y + side, x : x + side])
    (seen,) = detector.detect(tight)
    # Cut tightly, the box ends with the photo; the landmarks are where they were.
    assert seen.landmarks is not None
    assert face.landmarks is not None
    moved = seen.landmarks + np.array([x, y])
    assert moved == pytest.approx(face.landmarks, abs=0.08 * box.width)
    assert seen.box.width > 0.8 * side


@pytest.mark.parametrize("detection_pass", DETECTION_PASSES)
def test_every_pass_gives_places_on_the_photo(
    detector: CenterFace, hopper: Photo, detection_pass: DetectionPass
) -> None:
    (face,) = detector.detect(hopper)
    (again,) = CenterFace(passes=(detection_pass,))._run_passes(hopper)
    assert geometry(again)[:4] == pytest.approx(geometry(face)[:4], abs=0.15 * face.box.width)
    assert again.landmarks is not None
    assert face.landmarks is not None
    assert again.landmarks == pytest.approx(face.landmarks, abs=0.1 * face.box.width)


def test_passes_end_with_a_confident_one(
    detector: CenterFace, hopper: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    detect = detector._detect_in_picture

    def watch(*arguments: Any) -> list[FaceDetection]:
        seen.append(arguments)
        return detect(*arguments)

    monkeypatch.setattr(detector, "_detect_in_picture", watch)
    detector._run_passes(hopper)
    assert len(seen) == 1
    monkeypatch.setattr(detector, "_score_threshold", 0.999)
    seen.clear()
    detector._run_passes(hopper)
    assert len(seen) == len(DETECTION_PASSES)


@pytest.mark.parametrize(
    ("scores", "counted"), [((0.9, 0.4), (0.9,)), ((0.4,), (0.4,)), ((0.3,), ())]
)
def test_faint_faces_count_only_where_none_is_confident(
    monkeypatch: pytest.MonkeyPatch, scores: tuple[float, ...], counted: tuple[float, ...]
) -> None:
    photo = np.zeros((300, 300, 3), np.uint8)
    faces = [
        FaceDetection(Box(90.0 * n, 20, 60, 80), None, score) for n, score in enumerate(scores)
    ]
    detector = CenterFace()
    monkeypatch.setattr(detector, "_candidates", lambda rgb, share: (faces, True))
    assert tuple(face.score for face in detector.detect(photo)) == counted


def test_boxes_stay_within_the_photo(detector: CenterFace, astronaut: Photo) -> None:
    cut = np.ascontiguousarray(astronaut[80:400, 205:500])
    for face in detector.detect(cut):
        assert face.box.x >= 0
        assert face.box.y >= 0
        assert face.box.x + face.box.width <= cut.shape[1]
        assert face.box.y + face.box.height <= cut.shape[0]
        assert face.landmarks is not None
        assert (face.landmarks >= 0).all()


def test_changing_input_sizes(detector: CenterFace, astronaut: Photo, montage: Photo) -> None:
    small = np.ascontiguousarray(astronaut[:300, 50:450])
    for photo in (small, montage, small, astronaut, montage):
        fresh = [geometry(face) for face in CenterFace().detect(photo)]
        assert [geometry(face) for face in detector.detect(photo)] == fresh


def test_threads_share_a_detector(detector: CenterFace, astronaut: Photo, montage: Photo) -> None:
    photos = [astronaut, montage] * 6
    expected = [[geometry(face) for face in detector.detect(photo)] for photo in photos[:2]]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(detector.detect, photos))
    assert [[geometry(face) for face in faces] for faces in found] == expected * 6


@pytest.mark.parametrize(
    "photo",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
        np.zeros((0, 10, 3), np.uint8),
    ],
)
def test_bad_photos(detector: CenterFace, photo: Any) -> None:
    with pytest.raises(ValueError, match="photo must be"):
        detector.detect(photo)
