"""Further detection passes find more faces, and this is measured."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import preprocessing
from ml.face_detection import DETECTION_PASSES, CenterFace
from ml.training import faceless
from ml.training.studies import detection_passes


@pytest.fixture(scope="module")
def photos(hopper: NDArray[np.uint8]) -> dict[str, list[NDArray[np.uint8]]]:
    (face,) = CenterFace().detect(hopper)
    crop = preprocessing.crop(hopper, face)
    return detection_passes.photos(np.stack([crop] * len(detection_passes.SIDES)))


def test_further_passes_find_more_faces(photos: dict[str, list[NDArray[np.uint8]]]) -> None:
    once = {kind: detection_passes.seen(members) for kind, members in photos.items()}
    found = {
        kind: detection_passes.seen(members, *DETECTION_PASSES) for kind, members in photos.items()
    }
    assert all(found[kind] >= once[kind] for kind in photos)
    assert all(found[kind] >= len(members) - 1 for kind, members in photos.items())


def test_the_table_counts_photos_and_faces(photos: dict[str, list[NDArray[np.uint8]]]) -> None:
    kinds = {"black": [np.zeros((64, 64, 3), np.uint8)], "face": photos["cut to the face"][3:4]}
    cells = detection_passes.row("all", kinds, *DETECTION_PASSES).split(" | ")
    assert cells[0] == "| all"
    assert [cell.split()[0] for cell in cells[1:]] == ["0.0%", "100.0%"]


def test_tiles_show_what_the_pictures_show() -> None:
    tiles = faceless.tiles()
    assert {tile.shape for tile in tiles} == {(side, side, 3) for side in faceless.TILES}
    assert all(tile.dtype == np.uint8 for tile in tiles)
    assert len(tiles) > 300
    assert max(tile.max() for tile in tiles) == 255
