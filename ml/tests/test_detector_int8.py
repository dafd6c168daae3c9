"""The detector in eight bits beside the one in float32."""

import pytest

from ml.centerface_graph import FLOAT32
from ml.face_detection import CenterFace
from ml.tests.test_face_detection import Photo, geometry, resized


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_eight_bits_find_what_float_finds(hopper: Photo, scale: float) -> None:
    """`ml.training.studies.detector_int8` measures it on hundreds of faces."""
    (expected,) = CenterFace(graph=FLOAT32).detect(resized(hopper, scale))
    (face,) = CenterFace().detect(resized(hopper, scale))
    assert geometry(face)[4:] == pytest.approx(geometry(expected)[4:], abs=0.03 * expected.size)
    # The box of a face that fills the photo varies more than its landmarks, which frame the crop.
    assert geometry(face)[:4] == pytest.approx(geometry(expected)[:4], abs=0.12 * expected.size)
    assert face.score == pytest.approx(expected.score, abs=0.05)
