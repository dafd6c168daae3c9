"""Covered or cut faces, and things that are no faces, are always uncertain."""

from typing import Any

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ml import face_check, inference, manifest, overlaps, quality
from ml.face_detection import CenterFace
from ml.inference import Analyser
from ml.tests.conftest import made_faces
from ml.training import covering, invented
from ml.training.studies import covered_faces, invented_faces
from ml.types import Box, Doubts, FaceDetection

Photo = NDArray[np.uint8]
EYES, MOUTH = ((182, 86), (264, 118)), ((190, 134), (258, 174))
"""Corners, x and y, of the patch that covers each part of the astronaut's face."""


def with_box(photo: Photo, corners: Any, colour: tuple[int, int, int]) -> Photo:
    first, last = corners
    return np.asarray(cv2.rectangle(photo.copy(), first, last, colour, -1), np.uint8)


@pytest.mark.weights
@pytest.mark.parametrize("corners", [EYES, MOUTH], ids=["eyes", "mouth"])
@pytest.mark.parametrize(
    "colour",
    [(10, 10, 10), (245, 245, 245), (128, 128, 128), (90, 140, 200), (205, 160, 135)],
    ids=["black", "white", "grey", "blue", "skin"],
)
def test_a_covered_face_is_never_certain(
    analyser: Analyser, astronaut: Photo, corners: Any, colour: tuple[int, int, int]
) -> None:
    for face in analyser.analyse(with_box(astronaut, corners, colour)):
        assert face.uncertain
        assert quality.UNREADABLE & set(face.quality.flags)


@pytest.mark.weights
def test_a_cover_beside_eyes_and_mouth_does_no_harm(analyser: Analyser, astronaut: Photo) -> None:
    (face,) = analyser.analyse(with_box(astronaut, ((150, 190), (300, 260)), (20, 20, 20)))
    assert (face.emotion, face.uncertain, face.quality.flags) == ("happy", False, ())


@pytest.mark.weights
@pytest.mark.parametrize("top", [104, 110])
def test_a_face_without_its_eyes_is_cut(analyser: Analyser, astronaut: Photo, top: int) -> None:
    for face in analyser.analyse(np.ascontiguousarray(astronaut[top:400])):
        assert face.uncertain


@pytest.mark.weights
def test_a_face_cut_by_the_edge_is_flagged(analyser: Analyser, astronaut: Photo) -> None:
    (whole,) = analyser.analyse(astronaut)
    middle = int(whole.box.x + whole.box.width / 2)
    faces = analyser.analyse(np.ascontiguousarray(astronaut[:, middle:]))
    assert all("cut" in face.quality.flags and face.uncertain for face in faces)


def test_how_much_of_a_face_lies_outside() -> None:
    points = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)
    inside = FaceDetection(Box(10, 10, 80, 90), points, 0.9).within(200, 200)
    assert inside.outside == 0
    half = FaceDetection(Box(-40, 10, 80, 90), points - (50, 0), 0.9).within(200, 200)
    assert half.outside == pytest.approx(0.6)
    assert half.box == Box(0, 10, 40, 90)
    assert half.landmarks is not None
    assert half.landmarks.min() == 0
    # The edge runs through the eyes although all of the box is in the photo.
    edge = FaceDetection(Box(10, 0, 80, 90), points - (0, 38), 0.9).within(200, 200)
    assert edge.outside == pytest.approx(0.4)


def test_boxes_that_mostly_overlap_are_one() -> None:
    best, small, beside = Box(0, 0, 100, 100), Box(10, 50, 60, 60), Box(90, 0, 100, 100)
    faces = [
        FaceDetection(box, None, score) for box, score in ((small, 0.7), (best, 0.9), (beside, 0.8))
    ]
    assert [face.box for face in overlaps.merged(faces)] == [best, beside]
    assert overlaps.shared(best, Box(200, 0, 10, 10)) == 0


@pytest.mark.weights
def test_a_picture_in_which_one_face_had_two_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, face = np.full((96, 96, 3), 90, np.uint8), FaceDetection(Box(0, 0, 90, 90), None, 0.9)
    detector = CenterFace()
    inner = FaceDetection(Box(20, 30, 50, 60), None, 0.8)
    monkeypatch.setattr(detector, "_detect_in_picture", lambda *_: [face, inner])
    assert detector.detect(photo) == [face]


def test_the_fainter_a_detection_the_less_doubt_it_takes() -> None:
    assert quality.may_be_no_face(0.59, 0.0)
    assert [quality.may_be_no_face(score, 0.05) for score in (0.65, 0.75, 0.9)] == [
        True,
        False,
        False,
    ]
    assert quality.may_be_no_face(0.99, 0.9)


def drawn_axes(marks: int) -> Photo:
    """Return a pair of axes with that many round marks."""
    figure: Any = Figure(figsize=(3, 2.4), dpi=100)
    canvas: Any = FigureCanvasAgg(figure)
    plot = figure.subplots()
    plot.plot(range(marks), "o-", markersize=12)
    plot.set(title="Faces", xlabel="time", ylabel="share")
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


@pytest.mark.weights
def test_a_drawing_is_never_certain(analyser: Analyser) -> None:
    pictures = [drawn_axes(2), *invented.pictures("dials", 1, 7)]
    assert invented_faces.counted(analyser, pictures)[1] == 0


@pytest.mark.weights
def test_what_was_taken_for_a_face_is_doubted(analyser: Analyser) -> None:
    crops = [
        cv2.cvtColor(cv2.resize(picture, (48, 48)), cv2.COLOR_RGB2GRAY)
        for kind in invented.KINDS
        for picture in invented.pictures(kind, 1, 7)
    ]
    assert (analyser.check.scores(np.stack(crops))[:, 2] > 0.3).mean() > 0.5
    assert (analyser.check.scores(made_faces(40))[:, 2] < 0.5).mean() > 0.9


@pytest.mark.weights
def test_covers_are_flagged_and_bare_faces_are_not(analyser: Analyser) -> None:
    faces = made_faces(30, seed=3)
    for name, check in covered_faces.covers():
        share = covered_faces.flagged(analyser, covered_faces.drawn(faces, check)) / len(faces)
        least = {"mouth: hand": 0.0, "mouth: scarf": 0.4, "eyes: cloth": 0.4}.get(name, 0.9)
        assert share >= least if check else share < 0.1, name


@pytest.mark.parametrize("kind", invented.KINDS)
def test_invented_pictures_are_always_the_same_and_differ(kind: str) -> None:
    first, second = invented.pictures(kind, 2)
    (again,) = invented.pictures(kind, 1)
    assert np.array_equal(first, again)
    assert first.shape != second.shape or not np.array_equal(first, second)
    assert first.dtype == np.uint8
    assert first.shape[2] == 3


def test_covers_hide_what_they_say() -> None:
    faces, random = made_faces(4), np.random.default_rng(1)
    for places in ((True, False), (False, True), (True, True)):
        for face in faces:
            result = covering.covered(face, places, faces, random)
            for (x, y), hidden in zip((covering.EYES, covering.MOUTH), places, strict=True):
                spot = slice(round(y) - 1, round(y) + 2), slice(round(x) - 7, round(x) + 8)
                assert np.array_equal(result[spot], face[spot]) or hidden


def test_a_damaged_check_is_refused(tmp_path: Any) -> None:
    with pytest.raises(manifest.CorruptWeightsError, match="missing"):
        face_check.load(tmp_path)
    for name in (face_check.GRAPH, face_check.DOCUMENT):
        (tmp_path / name).write_bytes((face_check.FOLDER / name).read_bytes())
    assert face_check.load(tmp_path).doubts(np.zeros((0, 48, 48), np.uint8)) == []
    with (tmp_path / face_check.GRAPH).open("ab") as file:
        file.write(b"more")
    with pytest.raises(manifest.CorruptWeightsError, match="not the file"):
        face_check.load(tmp_path)


def test_doubts_are_told_by_name(analyser: Analyser) -> None:
    (doubts,) = analyser.check.doubts(np.full((1, 48, 48), 128, np.uint8))
    assert isinstance(doubts, Doubts)
    one = inference.load()
    assert inference.load(one.version).check is one.check
