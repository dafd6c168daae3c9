"""Training on generated faces is reproducible."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.labels import HEADS
from ml.tests.conftest import made_faces
from ml.training import data

pytestmark = pytest.mark.training


def test_a_resumed_run_ends_where_a_straight_one_does(faces_file: Path, run: Path) -> None:
    import keras

    from ml.training import config, history, train

    resumed = run.with_name("interrupted")
    assert [epoch["epoch"] for epoch in history.read(resumed)] == [1]
    assert (resumed / "history.png").stat().st_size > 1000
    train.train(config.SMOKE, faces_file, resumed, resume=True)
    assert [epoch["epoch"] for epoch in history.read(resumed)] == [1, 2]
    one, other = (
        keras.saving.load_model(folder / "state.keras", compile=False).get_weights()
        for folder in (run, resumed)
    )
    assert max(np.abs(a - b).max() for a, b in zip(one, other, strict=True)) < 1e-4


def test_a_run_that_gets_no_better_is_stale(tmp_path: Path) -> None:
    from ml.training import callbacks

    (tmp_path / "best.json").write_text('{"epoch": 1, "score": 2.0}')
    (tmp_path / "best.keras").touch()
    best = callbacks.Best(tmp_path, patience=2)
    assert [best.is_stale(finished) for finished in (1, 2, 3, 4)] == [False, False, True, True]
    assert not callbacks.Best(tmp_path).is_stale(1000)


def test_progress_tells_rate_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    from ml.training import callbacks

    progress = callbacks.Progress(epochs=4, done=1, steps=10, batch_size=32)
    progress.on_train_begin()
    progress.bar.mininterval = 0
    for batch in range(10):
        progress.on_train_batch_end(batch)
    names = ("loss", "val_loss", "val_consensus_accuracy", "val_fer2013_accuracy")
    progress.on_epoch_end(1, dict.fromkeys(names, 0.5))
    progress.on_train_end()
    output = capsys.readouterr()
    assert "epoch 2/4  loss 0.5000" in output.out
    assert "640/1280" in output.err
    assert " images/s" in output.err


def test_rare_emotions_can_weigh_more() -> None:
    from ml.training import train

    votes = np.zeros((3, 7), np.uint8)
    votes[0, 1], votes[1, [1, 3]] = 10, 5
    faces = data.FaceDataset(np.zeros((3, 48, 48), np.uint8), np.array([1, 3, 3], np.uint8), votes)
    _, weights = train.targets(faces, {"disgust": 3.0})
    assert weights["consensus"].tolist() == [3, 2, 0]
    assert weights["fer2013"].tolist() == [3, 1, 1]


def test_search_runs_what_has_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    from ml.training import config
    from ml.training.studies import experiments, search

    known = [{"run": each.name} for each in config.SEARCH[1:]]
    monkeypatch.setattr(experiments, "all_records", lambda: known)
    assert search.missing() == [config.SEARCH[0]]
    assert len({each.name for each in config.SEARCH}) == len(config.SEARCH)


def test_what_is_judged_is_not_the_first_weights() -> None:
    from ml.training import config

    faces = 28_000  # in FER2013's training split, about
    for each in config.SEARCH:
        steps = each.epochs * (faces // each.batch_size)
        assert each.ema_momentum**steps < 0.05, each.name


def test_teachers_take_their_share_and_answer_where_nobody_voted() -> None:
    from ml.training import teachers

    labels = {head: np.array([[1.0, 0.0], [0.0, 0.0]], np.float32) for head in HEADS}
    opinions = {head: np.array([[0.5, 0.5], [0.2, 0.8]], np.float32) for head in HEADS}
    blended = teachers.blend(labels, opinions, 0.4)
    for head in HEADS:
        assert np.allclose(blended[head], [[0.8, 0.2], [0.2, 0.8]])


def test_a_pupil_begins_where_its_teacher_ended(
    run: Path, faces_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from ml.training import config, lessons, teachers, train

    monkeypatch.setattr(teachers, "TEACHERS_FOLDER", run)
    pupil = replace(
        config.SMOKE, start="best", frozen=("block1",), teachers=("best",), teachers_share=1.0
    )
    begun = train.build(pupil, steps=1)
    taught = keras.saving.load_model(run / "best.keras", compile=False)
    assert all(map(np.array_equal, begun.get_weights(), taught.get_weights()))
    learning = {variable.path.split("_")[0] for variable in begun.trainable_variables}
    assert "block1" not in learning
    assert {"block2", "block3", "block4"} < learning
    faces = data.load(faces_file, data.Split.TRAIN)
    shown = lessons.batches(train.lesson(faces, pupil), train.plans(faces, pupil))
    pixels, wanted, weights = next(shown)
    panel = teachers.Panel(("best",), pupil.precision)
    said = panel.opinion(panel.weights(), pixels)
    for head in HEADS:
        assert np.allclose(wanted[head], said[head], atol=0.01)
        assert np.all(weights[head] == 1)
    with pytest.raises(ValueError, match=r"no teacher 'nobody' here.*docs/training\.md"):
        teachers.load("nobody")


def test_a_network_for_larger_faces_begins_as_one_for_smaller(run: Path) -> None:
    from ml import architectures
    from ml.training import config, train

    start = architectures.load(run / "best.keras")
    larger = train.network(replace(config.SMOKE, side=96))
    larger.set_weights(architectures.carried_over(start, larger))
    for layer in start.layers:
        if layer.name != "dense":
            begun = larger.get_layer(layer.name).get_weights()
            assert all(map(np.array_equal, layer.get_weights(), begun))
    maps = np.random.default_rng(1).normal(size=(2, 1, 1, 16)).astype(np.float32)
    few, many = (
        np.asarray(network.get_layer("dense")(maps.repeat(side, 1).repeat(side, 2).reshape(2, -1)))
        for network, side in ((start, 3), (larger, 6))
    )
    assert np.allclose(few, many, atol=1e-4)


def test_a_shallow_network_begins_as_a_deep_one_without_its_last_steps() -> None:
    import keras

    from ml import architectures
    from ml.training import config, train
    from ml.training.studies import left_out_steps

    residual = replace(
        config.SMOKE, block="residual", squeeze_excitation=True, convolutions=(1, 3, 1, 1)
    )

    def dense(layer: keras.Layer) -> keras.Layer:
        """Return the layer as networks had it that weighed their channels by dense layers."""
        told = layer.get_config()
        if "_squeeze_" in layer.name and "filters" in told:
            return keras.layers.Dense(told["filters"], told["activation"], name=layer.name)
        return type(layer).from_config(told)

    deep = keras.models.clone_model(train.network(residual), clone_function=dense)
    assert "block2_conv3" in left_out_steps.residual_steps(deep)
    shallow = train.network(replace(residual, convolutions=(1, 2, 1, 1)))
    shallow.set_weights(architectures.carried_over(deep, shallow))
    faces = made_faces(3)[..., None].astype(np.float32)
    begun, whole = shallow(faces), deep(faces)
    left_out_steps.leave_out(deep, ["block2_conv3"])
    for head, wanted in deep(faces).items():
        assert np.allclose(begun[head], wanted, atol=1e-5)
        assert not np.allclose(begun[head], whole[head], atol=1e-3)


def test_a_run_goes_on_only_as_what_it_was_begun(faces_file: Path, run: Path) -> None:
    from dataclasses import replace

    from ml.training import config, train

    before = (run / "config.json").read_text()
    other = replace(config.SMOKE, weight_decay=0.5)
    with pytest.raises(ValueError, match="another config"):
        train.train(other, faces_file, run, resume=True)
    assert (run / "config.json").read_text() == before


def test_a_run_goes_on_only_with_its_data(tmp_path: Path, faces_file: Path, run: Path) -> None:
    from ml.training import config, train

    content = dict(np.load(faces_file))
    content["label"] = content["label"][::-1]
    np.savez(tmp_path / "other.npz", **content)
    with pytest.raises(ValueError, match="another data"):
        train.train(config.SMOKE, tmp_path / "other.npz", run, resume=True)


def test_seeks_flat_minima_learns_from_opinions_and_ends_where_it_gets_no_better(
    tmp_path: Path, faces_file: Path, run: Path
) -> None:
    from ml.training import callbacks, config, history, teachers, train

    class FirstIsBest(callbacks.Best):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            super().on_epoch_end(epoch, logs)
            self.best = 2.0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teachers, "path_of", lambda name: run / "best.keras")
        patch.setattr(train, "Best", FirstIsBest)
        flat = replace(
            config.SMOKE,
            epochs=5,
            patience=1,
            teachers=("anyone", "another"),
            teachers_share=0.5,
            teachers_study=True,
            sharpness_radius=0.1,
        )
        model = train.train(flat, faces_file, tmp_path, resume=False)
    first, second = history.read(tmp_path)
    assert second["loss"] < first["loss"]
    assert model(made_faces(2)[..., None].astype(np.float32))["consensus"].shape == (2, 7)
    assert sorted(file.name for file in tmp_path.glob(teachers.STUDIED)) == [
        "studied-another.npz",
        "studied-anyone.npz",
    ]


def test_a_finished_run_can_teach(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from ml import architectures
    from ml.training import teachers

    monkeypatch.setattr(teachers, "TEACHERS_FOLDER", tmp_path / "teachers")
    file = teachers.keep(run)
    assert teachers.path_of(run.name) == file
    images = made_faces(3)[..., None].astype(np.float32)
    expected = architectures.load(run / "best.keras")(images)
    panel = teachers.Panel((run.name,), "float32")
    found = panel.opinion(panel.weights(), images)
    for head in HEADS:
        assert np.allclose(found[head], keras.ops.softmax(expected[head]), atol=1e-5)


def test_studied_opinions_are_the_mean_of_the_teachers_and_kept(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ml.training import teachers

    images = made_faces(4)
    sure = np.eye(7, dtype=np.float32)[[0, 1, 2, 3]]
    np.savez(tmp_path / "studied-sure.npz", consensus=sure, fer2013=sure)
    monkeypatch.setattr(teachers, "path_of", lambda name: run / "best.keras")
    alone = teachers.studied(("anyone",), images, tmp_path, "float32")
    both = teachers.studied(("anyone", "sure"), images, tmp_path, "float32")
    for head in HEADS:
        assert alone[head].shape == (4, 7)
        assert np.allclose(alone[head].sum(axis=1), 1, atol=1e-5)
        assert np.allclose(both[head], (alone[head] + sure) / 2, atol=1e-6)
    monkeypatch.setattr(teachers, "load", None)  # a second time nobody is asked
    again = teachers.studied(("anyone", "sure"), images, tmp_path, "float32")
    assert all(np.array_equal(again[head], both[head]) for head in HEADS)


def test_a_step_towards_flatness_follows_the_gradient_uphill(faces_file: Path) -> None:
    import keras

    from ml.training import config, lessons, sharpness, train

    faces = data.load(faces_file, data.Split.TRAIN)
    shown = lessons.batches(train.lesson(faces, config.SMOKE), train.plans(faces, config.SMOKE))
    batch = next(shown)

    def step(radius: float | None) -> list[NDArray[np.float32]]:
        model = train.build(replace(config.SMOKE, precision="float32"), 10)
        model.optimizer = keras.optimizers.SGD(1.0)
        if radius is not None:
            sharpness.seek_flat_minima(model, radius)
        before = [value.numpy().copy() for value in model.trainable_variables]
        model.train_step(batch)
        after = [value.numpy() for value in model.trainable_variables]
        return [new - old for new, old in zip(after, before, strict=True)]

    plain, still, flat = step(None), step(0.0), step(0.5)
    # With no radius it is the plain step, and the climb itself leaves nothing behind.
    for one, other in zip(plain, still, strict=True):
        assert np.allclose(one, other, atol=1e-4)
    assert max(np.abs(one - other).max() for one, other in zip(plain, flat, strict=True)) > 1e-3
