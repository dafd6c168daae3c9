"""Training on faces drawn at random: what must be reproducible is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import calibration, inference, manifest
from ml.classifier import Classifier
from ml.labels import EMOTIONS, HEADS
from ml.manifest import HeadCalibration
from ml.tests.conftest import made_faces
from ml.training import data

pytestmark = pytest.mark.training

EXPORT_WARNING = "ignore:In the future `np.object`:FutureWarning"
"""From Keras' own export of ONNX."""
PLAIN = HeadCalibration(1.0, (0.0,) * 7)


@pytest.fixture(scope="module")
def faces_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 faces: 96 to train with, 32 each to validate and test."""
    random = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("data") / "faces.npz"
    np.savez(
        path,
        images=made_faces(160),
        label=random.integers(0, 7, 160).astype(np.uint8),
        votes=random.integers(0, 4, (160, 10)).astype(np.uint8),
        usage=np.repeat([0, 0, 0, 1, 2], 32).astype(np.uint8),
    )
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, faces_file: Path) -> Path:
    """Folder of a finished smoke run."""
    from ml.training import config, train

    folder = tmp_path_factory.mktemp("run")
    train.train(config.SMOKE, faces_file, folder, resume=False)
    return folder


def test_augmentation_follows_its_seed() -> None:
    import tensorflow as tf

    from ml.training.augmentation import augment
    from ml.training.config import Augmentation

    images = made_faces(16)[..., None].astype(np.float32)
    first = augment(tf.constant(images), tf.constant([1, 2], tf.int64), Augmentation()).numpy()
    again = augment(tf.constant(images), tf.constant([1, 2], tf.int64), Augmentation()).numpy()
    other = augment(tf.constant(images), tf.constant([1, 3], tf.int64), Augmentation()).numpy()
    assert np.array_equal(first, again)
    assert np.abs(first - other).mean() > 5
    assert first.shape == images.shape
    assert 0 <= first.min() <= first.max() <= 255


def test_augmentation_of_nothing_changes_only_sides() -> None:
    import tensorflow as tf

    from ml.training.augmentation import augment
    from ml.training.config import Augmentation

    still = Augmentation(
        rotation_degrees=0, zoom=0, shift=0, brightness=0, contrast=0, erase_probability=0
    )
    images = made_faces(32)[..., None].astype(np.float32)
    found = augment(tf.constant(images), tf.constant([5, 5], tf.int64), still).numpy()
    same = np.abs(found - images).max(axis=(1, 2, 3)) < 0.01
    mirrored = np.abs(found - images[:, :, ::-1]).max(axis=(1, 2, 3)) < 0.01
    assert (same | mirrored).all()
    assert same.any()
    assert mirrored.any()


def test_blur_and_noise_degrade_as_much_as_told() -> None:
    import tensorflow as tf

    from ml.training.augmentation import augment
    from ml.training.config import Augmentation

    still = Augmentation(
        rotation_degrees=0, zoom=0, shift=0, brightness=0, contrast=0, erase_probability=0
    )
    images = np.full((64, 48, 48, 1), 128, np.float32)
    seed = tf.constant([5, 5], tf.int64)
    noisy = augment(tf.constant(images), seed, replace(still, noise=20.0)).numpy()
    strengths = noisy.std(axis=(1, 2, 3))
    assert 0 < strengths.min() < 5
    assert 15 < strengths.max() < 21
    images[:, :, 24:] = 255
    blurred = augment(tf.constant(images), seed, replace(still, blur_probability=0.5)).numpy()
    softer = np.abs(np.diff(blurred[:, 24, :, 0])).max(axis=1) < 120
    assert 0.2 < softer.mean() < 0.6
    # What is far from the edge stays.
    assert blurred[:, :, 10].mean() + blurred[:, :, 37].mean() == pytest.approx(128 + 255, abs=1)


def test_a_resumed_run_ends_where_a_straight_one_does(
    tmp_path: Path, faces_file: Path, run: Path
) -> None:
    import keras

    from ml.training import callbacks, config, history, train

    finish = callbacks.EpochState.on_epoch_end

    def power_fails(state: callbacks.EpochState, epoch: int, logs: Any = None) -> None:
        finish(state, epoch, logs)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks.EpochState, "on_epoch_end", power_fails)
        with pytest.raises(KeyboardInterrupt):
            train.train(config.SMOKE, faces_file, tmp_path, resume=False)
    (first,) = history.read(tmp_path)
    # The same command twice gives the same first epoch.
    assert first["loss"] == pytest.approx(history.read(run)[0]["loss"], rel=1e-5)
    assert (tmp_path / "history.png").stat().st_size > 1000
    train.train(config.SMOKE, faces_file, tmp_path, resume=True)
    assert [epoch["epoch"] for epoch in history.read(tmp_path)] == [1, 2]
    straight = keras.saving.load_model(run / "state.keras", compile=False).get_weights()
    resumed = keras.saving.load_model(tmp_path / "state.keras", compile=False).get_weights()
    for one, other in zip(straight, resumed, strict=True):
        assert np.abs(one - other).max() < 1e-4


def test_a_run_that_gets_no_better_ends(tmp_path: Path, faces_file: Path) -> None:
    import keras

    from ml.training import callbacks, config, history, train

    (tmp_path / "best.json").write_text('{"epoch": 1, "score": 2.0}')
    (tmp_path / "best.keras").touch()
    best = callbacks.Best(tmp_path, patience=2)
    assert [best.is_stale(finished) for finished in (1, 2, 3, 4)] == [False, False, True, True]
    assert not callbacks.Best(tmp_path).is_stale(1000)

    def never_better(folder: Path, patience: int) -> callbacks.Best:
        found = callbacks.Best(folder, patience)
        found.best = 2.0
        return found

    patient = replace(config.SMOKE, epochs=5, patience=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "Best", never_better)
        patch.setattr(keras.saving, "load_model", lambda path: path)
        train.train(patient, faces_file, tmp_path, resume=False)
    assert len(history.read(tmp_path)) == 1


def test_mixup_keeps_shares_and_ignores_targets_without_weight() -> None:
    import tensorflow as tf

    from ml.training.augmentation import mix

    images = np.zeros((4, 2, 2, 1), np.float32)
    images[[0, 1]] = 100
    target = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    weight = np.array([1, 1, 1, 0], np.float32)
    seed = tf.constant([3, 4], tf.int64)
    mixed, targets, weights = mix(
        tf.constant(images), {"head": tf.constant(target)}, {"head": tf.constant(weight)}, seed, 0.4
    )
    # 0 is mixed with 3, which nobody tagged; 1 with 2, which is all black.
    share = mixed.numpy()[:, 0, 0, 0] / 100
    assert 0 < share[0] < 1
    assert weights["head"].numpy() == pytest.approx([share[0], 1, 1, share[3]], abs=1e-5)
    assert targets["head"].numpy()[0] == pytest.approx([1, 0])
    assert targets["head"].numpy()[1] == pytest.approx([share[1], 1 - share[1]], abs=1e-5)
    assert targets["head"].numpy()[3] == pytest.approx([1, 0])


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


def test_serves_what_was_trained(run: Path) -> None:
    import keras

    from ml import architectures

    trained = keras.saving.load_model(run / "best.keras", compile=False)
    served = architectures.for_serving(trained)
    crops = made_faces(16)[..., None].astype(np.float32)
    before, after = trained(crops), served(crops)
    for head in HEADS:
        # The trained one computes with eight bits of mantissa.
        difference = np.abs(before[head].numpy() - after[head].numpy()).max()
        assert difference < 0.05 * np.abs(after[head].numpy()).max()
    assert {type(layer).__module__.split(".")[0] for layer in served.layers} == {"keras"}
    assert {layer.compute_dtype for layer in served.layers} == {"float32"}


@pytest.mark.filterwarnings(EXPORT_WARNING)
@pytest.mark.parametrize(
    "shape",
    [{"block": "residual"}, {"block": "separable"}, {"squeeze_excitation": True}, {"side": 64}],
    ids=str,
)
def test_every_kind_of_network_trains_and_exports(tmp_path: Path, shape: dict[str, Any]) -> None:
    from ml import architectures
    from ml.training import config, export, train

    odd = replace(config.SMOKE, convolutions=(2, 2, 1, 1), **shape)
    model = train.build(odd, steps=1)
    plain = train.network(config.SMOKE)
    assert [layer.name for layer in model.layers] != [layer.name for layer in plain.layers]
    crops = made_faces(16)[..., None].astype(np.float32)
    answers = {head: np.eye(7, dtype=np.float32)[np.arange(16) % 7] for head in HEADS}
    before = model.get_weights()
    model.fit(crops, answers, verbose=0)
    assert all(not np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))
    served = architectures.for_serving(model)
    export.export_graph(served, tmp_path / "odd.onnx")
    found = Classifier(tmp_path / "odd.onnx").logits(crops[..., 0].astype(np.uint8))
    expected = served.predict(crops, verbose=0)
    for head in HEADS:
        assert np.abs(found[head] - expected[head]).max() < 1e-3


def test_enlargement_interpolates_as_opencv_does() -> None:
    import cv2

    from ml import architectures

    crops = made_faces(2)
    found = architectures.Enlargement(64)(crops[..., None].astype(np.float32)).numpy()[..., 0]
    for crop, enlarged in zip(crops, found, strict=True):
        expected = cv2.resize(crop.astype(np.float32), (64, 64), interpolation=cv2.INTER_LINEAR)
        assert np.abs(enlarged - expected).max() < 0.01


@pytest.mark.filterwarnings(EXPORT_WARNING)
def test_export_refuses_a_graph_that_answers_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ml.training import config, export, train

    model = train.network(config.SMOKE)
    logits = Classifier.logits

    def shifted(classifier: Classifier, crops: NDArray[np.uint8]) -> Any:
        return {head: values + 0.1 for head, values in logits(classifier, crops).items()}

    monkeypatch.setattr(Classifier, "logits", shifted)
    with pytest.raises(ValueError, match="answers otherwise"):
        export.export_graph(model, tmp_path / "graph.onnx")


def test_rare_emotions_can_weigh_more() -> None:
    from ml.training import train

    votes = np.zeros((3, 7), np.uint8)
    votes[0, 1], votes[1, [1, 3]] = 10, 5
    faces = data.FaceDataset(np.zeros((3, 48, 48), np.uint8), np.array([1, 3, 3], np.uint8), votes)
    _, weights = train.targets(faces, {"disgust": 3.0})
    assert weights["consensus"].tolist() == [3, 2, 0]
    assert weights["fer2013"].tolist() == [3, 1, 1]


def test_search_runs_what_has_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    from ml.training import config, experiments, search

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
    import tensorflow as tf

    from ml.training import teachers

    labels = {head: tf.constant([[1.0, 0.0], [0.0, 0.0]]) for head in HEADS}
    opinions = {head: tf.constant([[0.5, 0.5], [0.2, 0.8]]) for head in HEADS}
    blended = teachers.blend(labels, opinions, 0.4)
    for head in HEADS:
        assert np.allclose(blended[head], [[0.8, 0.2], [0.2, 0.8]])


def test_a_pupil_begins_where_its_teacher_ended(
    run: Path, faces_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from ml.training import config, teachers, train

    monkeypatch.setattr(teachers, "TEACHERS_FOLDER", run)
    pupil = replace(config.SMOKE, start="best", teachers=("best",), teachers_share=1.0)
    begun = train.build(pupil, steps=1).get_weights()
    taught = keras.saving.load_model(run / "best.keras", compile=False)
    assert all(map(np.array_equal, begun, taught.get_weights()))
    stream = train.training_stream(data.load(faces_file, data.Split.TRAIN), pupil, 0)
    pixels, wanted, weights = next(iter(stream))
    said = teachers.opinion(("best",), pupil.precision)(pixels)
    for head in HEADS:
        assert np.allclose(wanted[head], said[head], atol=0.01)
        assert np.all(weights[head] == 1)
    with pytest.raises(ValueError, match="no teacher 'nobody'"):
        teachers.load("nobody")


@pytest.mark.filterwarnings(EXPORT_WARNING)
def test_export_gives_weights_that_load(
    tmp_path: Path, faces_file: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ml.training import export, model_card

    (tmp_path / "t1").mkdir()
    (tmp_path / "t1" / "old").touch()
    folder = export.export(run, "t1", faces_file, weights=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["t1"]
    assert {path.name for path in folder.iterdir()} == {
        *("manifest.json", "model.keras", "model.onnx", "model.int8.onnx"),
        *("history.csv", "history.png"),
        *("confusion_matrix.png", "reliability.png", "robustness.png"),
    }
    weights = manifest.read("t1", tmp_path)
    manifest.verify_files(weights)
    document = weights.document
    assert document["data"]["splits"] == {"train": 96, "validation": 32, "test": 32}
    assert document["seed"] == 2013
    assert document["training"]["epochs"] == 2
    assert str(tmp_path) not in json.dumps(document)
    for head in HEADS:
        low, high = document["metrics"]["test"][head]["accuracy_ci95"]
        assert low <= document["metrics"]["test"][head]["accuracy"] <= high
        low, high = document["metrics"]["test"][head]["uncalibrated"]["log_loss_ci95"]
        assert low <= document["metrics"]["test"][head]["uncalibrated"]["log_loss"] <= high
    assert set(document["robustness"]["accuracy"]) == {"t1", inference.DEFAULT_VERSION}
    card = model_card.card(document)
    for title in ("Calibration", "Beside people", "Robustness"):
        assert f"\n## {title}\n" in card
    monkeypatch.setattr(manifest.read, "__defaults__", (tmp_path,))
    analyser = inference.load("t1")
    assert analyser.classify(made_faces(3)).sum(axis=1) == pytest.approx(1, abs=1e-5)
    inference.unload()
    again = export.unpack(weights, tmp_path / "runs")
    for name in ("history.csv", "best.keras"):
        assert (again / name).read_bytes()
    assert json.loads((again / "config.json").read_text())["name"] == "smoke"


@pytest.fixture(scope="module")
def keras_logits(crops: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """What the committed Keras model says about 200 crops."""
    import keras

    weights = manifest.read(inference.DEFAULT_VERSION)
    model = keras.saving.load_model(weights.folder / "model.keras", compile=False)
    assert tuple(model.output_names) == HEADS
    assert len(crops) == 200
    found: dict[str, NDArray[np.float32]] = model.predict(
        crops[..., None].astype(np.float32), verbose=0
    )
    return found


@pytest.mark.weights
def test_export_equals_keras(
    crops: NDArray[np.uint8], keras_logits: dict[str, NDArray[np.float32]]
) -> None:
    graph = manifest.read(inference.DEFAULT_VERSION).folder / "model.onnx"
    found = Classifier(graph).logits(crops)
    for head in HEADS:
        plain, exported = (
            calibration.probabilities(logits[head], PLAIN) for logits in (keras_logits, found)
        )
        assert plain.shape == (200, len(EMOTIONS))
        assert np.abs(plain - exported).max() < 1e-4


@pytest.mark.weights
def test_what_serves_says_what_keras_says(
    crops: NDArray[np.uint8], keras_logits: dict[str, NDArray[np.float32]]
) -> None:
    weights = manifest.read(inference.DEFAULT_VERSION)
    found = Classifier(weights.serving_path).logits(crops)
    for head in HEADS:
        plain, served = (
            calibration.probabilities(logits[head], PLAIN) for logits in (keras_logits, found)
        )
        assert np.abs(plain - served).mean() < 0.01
        assert (plain.argmax(axis=1) == served.argmax(axis=1)).mean() >= 0.95


def test_serves_the_quantized_graph_unless_it_costs_accuracy() -> None:
    from ml.training import calibrate, export

    def fitted(accuracy: float) -> calibrate.Fit:
        views = {view: dict.fromkeys(HEADS, accuracy) for view in ("single", "flipped")}
        return calibrate.Fit(
            {}, calibrate.Threshold(0.5, 1.0, 1.0), calibrate.View(0.0, False), views, {}
        )

    graph, quantized = export.GRAPH_FILE, export.QUANTIZED_FILE
    equal = {graph: fitted(0.8), quantized: fitted(0.799)}
    assert export.serving_file(equal) == quantized
    worse = {graph: fitted(0.8), quantized: fitted(0.79)}
    assert export.serving_file(worse) == graph


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


def test_seeks_flat_minima_and_learns_from_studied_opinions(
    tmp_path: Path, faces_file: Path, run: Path
) -> None:
    from ml.training import config, history, teachers, train

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teachers, "path_of", lambda name: run / "best.keras")
        flat = replace(
            config.SMOKE,
            teachers=("anyone",),
            teachers_share=0.5,
            teachers_study=True,
            sharpness_radius=0.1,
        )
        model = train.train(flat, faces_file, tmp_path, resume=False)
    first, second = history.read(tmp_path)
    assert second["loss"] < first["loss"]
    assert model(made_faces(2)[..., None].astype(np.float32))["consensus"].shape == (2, 7)
    with np.load(tmp_path / train.STUDIED) as studied:
        assert studied["consensus"].shape == (96, 7)
        assert np.allclose(studied["fer2013"].sum(axis=1), 1, atol=1e-5)


def test_a_step_towards_flatness_follows_the_gradient_uphill(faces_file: Path) -> None:
    import keras

    from ml.training import config, sharpness, train

    faces = data.load(faces_file, data.Split.TRAIN)
    (batch,) = train.training_stream(faces, config.SMOKE, 0).take(1)

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
