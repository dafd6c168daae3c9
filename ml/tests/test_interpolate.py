"""Interpolation between a network and the run that started from it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ml.labels import HEADS
from ml.training import data

pytestmark = pytest.mark.training


def test_a_part_of_the_way_is_a_run(
    tmp_path: Path, faces_file: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from ml.training import history, interpolate, teachers

    monkeypatch.setattr(teachers, "TEACHERS_FOLDER", run)
    begun = keras.saving.load_model(run / "best.keras", compile=False)
    first = begun.trainable_weights[0].numpy()
    later, part = tmp_path / "later", tmp_path / "later-0.25"
    shutil.copytree(run, later)
    config = json.loads((run / "config.json").read_text()) | {"start": "best"}
    (later / "config.json").write_text(json.dumps(config))
    begun.trainable_weights[0].assign(first + 1)
    begun.save(later / "best.keras")
    model = interpolate.interpolate(later, 0.25, faces_file, part)
    kept = keras.saving.load_model(part / "best.keras", compile=False)
    assert all(map(np.array_equal, kept.get_weights(), model.get_weights()))
    for ours, theirs in zip(kept.trainable_weights[1:], begun.trainable_weights[1:], strict=True):
        assert np.allclose(ours, theirs, atol=1e-6)
    assert np.allclose(kept.trainable_weights[0], first + 0.25, atol=1e-6)
    measured = zip(kept.non_trainable_weights, begun.non_trainable_weights, strict=True)
    assert any(not np.array_equal(ours, theirs) for ours, theirs in measured)
    assert json.loads((part / "config.json").read_text()) == config | {"share_of_run": 0.25}
    assert history.read(part) == history.read(run)
    figures = interpolate.judged(kept, data.load(faces_file, data.Split.VALIDATION))
    assert set(figures) == {*HEADS, *interpolate.HARD}


def test_only_a_run_that_went_on_from_another_has_a_part_of_the_way(
    tmp_path: Path, faces_file: Path, run: Path
) -> None:
    from ml.training import interpolate

    with pytest.raises(ValueError, match="no other network"):
        interpolate.interpolate(run, 0.5, faces_file, tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
