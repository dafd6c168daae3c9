"""The map shows which pixels the network uses, and no others."""

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from ml import calibration, explanation, preprocessing
from ml.classifier import Classifier
from ml.inference import Analyser
from ml.labels import EMOTIONS

HAPPY = EMOTIONS.index("happy")


def corner_watcher(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Classify by the brightness of the upper left 12×12 pixels alone."""
    bright = crops[:, :12, :12].mean(axis=(1, 2)) / 255
    probabilities = np.zeros((len(crops), 7), np.float32)
    probabilities[:, HAPPY], probabilities[:, 0] = bright, 1 - bright
    return probabilities


def test_map_is_high_where_the_classifier_looks() -> None:
    crop = np.zeros((48, 48), np.uint8)
    crop[:12, :12] = 255
    found = explanation.occlusion_map(corner_watcher, crop, HAPPY)
    against = explanation.occlusion_map(corner_watcher, crop, 0)
    assert found.shape == (48, 48)
    assert found[0, 0] == found.max() > 5
    assert np.all(found[24:] == 0)
    assert np.all(found[:, 24:] == 0)
    assert np.allclose(found, -against, atol=1e-6)


def test_picture_is_warm_where_it_speaks_for_and_cold_where_against() -> None:
    crop = np.full((48, 48), 128, np.uint8)
    relevance = np.zeros((48, 48), np.float32)
    relevance[:12, :12], relevance[36:, 36:] = 2.0, -2.0
    drawn = explanation.picture(crop, relevance)
    assert drawn.shape == (240, 240, 3)
    assert drawn.dtype == np.uint8
    red, _, blue = drawn[20, 20].astype(int)
    assert red > blue + 60
    red, _, blue = drawn[-20, -20].astype(int)
    assert blue > red + 60
    assert np.all(drawn[120, 120] == 128)


def test_picture_of_next_to_nothing_shows_nothing() -> None:
    crop = np.full((48, 48), 128, np.uint8)
    faint = explanation.picture(crop, np.full((48, 48), 0.01, np.float32))
    assert np.abs(faint.astype(int) - 128).max() <= 2


def test_every_pixel_is_covered() -> None:
    found = explanation.occlusion_map(corner_watcher, np.zeros((48, 48), np.uint8), HAPPY)
    assert np.isfinite(found).all()


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="crops must be"):
        explanation.occlusion_map(corner_watcher, np.zeros((40, 48), np.uint8), HAPPY)


@pytest.fixture(scope="module")
def face(analyser: Analyser, astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the astronaut's crop."""
    detected = analyser._detector.detect(astronaut)
    return preprocessing.crop(astronaut, detected[0])


@pytest.mark.weights
def test_a_smile_is_in_the_mouth(analyser: Analyser, face: NDArray[np.uint8]) -> None:
    found = analyser.explain(face, "happy")
    y, _ = np.unravel_index(found.argmax(), found.shape)
    assert y > 24
    assert found.max() > 0.5


@pytest.mark.weights
def test_map_follows_the_weights(analyser: Analyser, face: NDArray[np.uint8]) -> None:
    """A map that stayed the same with shuffled weights would show the picture, not the network.

    Adebayo et al. 2018, arXiv:1810.03292.
    """
    model = onnx.load(analyser._weights.serving_path)
    random = np.random.default_rng(2013)
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype in (np.float32, np.int8, np.int32) and values.size > 16:
            shuffled = random.permutation(values.ravel()).reshape(values.shape)
            tensor.CopyFrom(onnx.numpy_helper.from_array(shuffled, tensor.name))
    classifier = Classifier(model.SerializeToString())
    constants = analyser._weights.calibration["consensus"]

    def shuffled_network(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return calibration.probabilities(classifier.logits(crops)["consensus"], constants)

    ours = analyser.explain(face, "happy")
    theirs = explanation.occlusion_map(shuffled_network, face, HAPPY)
    assert abs(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]) < 0.5
    assert not np.allclose(cv2.blur(ours, (9, 9)), cv2.blur(theirs, (9, 9)), atol=1e-3)
