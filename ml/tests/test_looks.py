"""Further detection passes find more faces, and this is measured."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import preprocessing
from ml.face_detection import DETECTION_PASSES, SCORE_THRESHOLD, CenterFace, DetectionPass
from ml.training import faceless
from ml.training.studies import looks
from ml.training.studies.framing import Surroundings, canvas


@pytest.fixture(scope="module")
def crop(hopper: NDArray[np.uint8]) -> NDArray[np.uint8]:
    (face,) = CenterFace().detect(hopper)
    return preprocessing.crop(hopper, face)


def test_a_face_among_edges_is_found_when_looked_for_again(crop: NDArray[np.uint8]) -> None:
    photo = canvas(crop, 2, Surroundings.BORDER)
    assert CenterFace(passes=()).detect(photo) == []
    (face,) = CenterFace().detect(photo)
    assert face.score >= SCORE_THRESHOLD
    middle = face.box.x + face.box.width / 2, face.box.y + face.box.height / 2
    assert middle == pytest.approx((240, 240), abs=24)


def test_a_face_on_black_becomes_sure_at_half_contrast(crop: NDArray[np.uint8]) -> None:
    photo = canvas(crop, 2, Surroundings.BLACK)
    (first,) = CenterFace(passes=()).detect(photo)
    (again,) = CenterFace(passes=tuple(look for look in DETECTION_PASSES if look.softened)).detect(
        photo
    )
    assert first.score < SCORE_THRESHOLD < again.score


def test_the_measurement_counts_what_one_look_misses(crop: NDArray[np.uint8]) -> None:
    photos = looks.missed(crop[None], Surroundings.BORDER, 2)
    assert len(photos) == 1
    assert looks.missed(crop[None], Surroundings.GREY, 4) == []
    assert looks.seen(photos) == 0
    assert looks.seen(photos, *DETECTION_PASSES) == 1
    assert (
        looks.name(DetectionPass(240, mirrored=True, softened=True))
        == "240, mirrored, half contrast"
    )


def test_tiles_show_what_the_pictures_show() -> None:
    tiles = faceless.tiles()
    assert {tile.shape for tile in tiles} == {(side, side, 3) for side in faceless.TILES}
    assert all(tile.dtype == np.uint8 for tile in tiles)
    assert len(tiles) > 300
    assert max(tile.max() for tile in tiles) == 255
