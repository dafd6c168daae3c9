"""The serving export computes what was trained."""

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

pytestmark = pytest.mark.training

EXPORT_WARNING = "ignore:In the future `np.object`:FutureWarning"
"""From Keras' own export of ONNX."""
PLAIN = HeadCalibration(1.0, (0.0,) * 7)


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
    [{"block": "residual", "squeeze_excitation": True, "side": 64}, {"block": "separable"}],
    ids=["residual-squeeze-64", "separable"],
)
def test_every_kind_of_network_trains_and_exports(tmp_path: Path, shape: dict[str, Any]) -> None:
    from ml import architectures
    from ml.training import config, export, train

    odd = replace(config.SMOKE, convolutions=(1, 2, 1, 1), **shape)
    model = train.build(odd, steps=1)
    plain = train.network(config.SMOKE)
    kinds = {"residual": "_add", "separable": "_depth", True: "_squeeze", 64: "enlarge"}
    own = "".join({layer.name for layer in model.layers} - {layer.name for layer in plain.layers})
    assert all(kinds[value] in own for value in shape.values())
    crops = made_faces(16)[..., None].astype(np.float32)
    answers = {head: np.eye(7, dtype=np.float32)[np.arange(16) % 7] for head in HEADS}
    before = model.get_weights()
    model.run_eagerly = True  # one step: tracing a graph of it would take longer
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


@pytest.mark.filterwarnings(EXPORT_WARNING)
def test_export_gives_weights_that_load(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    faces_file: Path,
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ml.training import export, model_card

    (tmp_path / "t1").mkdir()
    (tmp_path / "t1" / "old").touch()
    others = tmp_path_factory.mktemp("other") / "others.npz"
    np.savez(others, images=made_faces(30, 3), label=np.arange(30, dtype=np.uint8) % 7)
    folder = export.export(run, "t1", faces_file, weights=tmp_path, elsewhere=others)
    assert [path.name for path in tmp_path.iterdir()] == ["t1"]
    weights = manifest.read("t1", tmp_path)
    assert {path.name for path in folder.iterdir()} == {
        *("manifest.json", "model.keras", weights.serving_file),
        *("history.csv", "history.png"),
        *("confusion_matrix.png", "reliability.png", "robustness.png"),
    }
    manifest.verify_files(weights)
    document = weights.document
    assert document["data"]["splits"] == {"train": 96, "validation": 32, "test": 32}
    assert document["data"]["elsewhere"] == 30
    assert document["metrics"]["elsewhere"]["consensus"]["n"] == 30
    assert document["seed"] == 2013
    assert document["training"]["epochs"] == 2
    assert str(tmp_path) not in json.dumps(document)
    for head in HEADS:
        low, high = document["metrics"]["test"][head]["accuracy_ci95"]
        assert low <= document["metrics"]["test"][head]["accuracy"] <= high
        low, high = document["metrics"]["test"][head]["uncalibrated"]["log_loss_ci95"]
        assert low <= document["metrics"]["test"][head]["uncalibrated"]["log_loss"] <= high
    assert set(document["robustness"]["accuracy"]) == {"t1", inference.DEFAULT_VERSION}
    assert set(document["shift"]) == {"test", "elsewhere"}
    for name in ("test", "elsewhere"):
        clean, judged = document["shift"][name]["none"], document["metrics"][name]["consensus"]
        assert {key: judged[key] for key in clean} == clean
    card = model_card.card(document)
    titles = ("Faces from elsewhere", "Calibration", "Beside people", "Robustness")
    for title in (*titles, "How honest the confidence stays"):
        assert f"\n## {title}\n" in card
    monkeypatch.setattr(manifest, "WEIGHTS_FOLDER", tmp_path)
    analyser = inference.load("t1")
    assert analyser.classify(made_faces(3)).sum(axis=1) == pytest.approx(1, abs=1e-5)
    inference.unload()
    again = export.unpack(weights, tmp_path / "runs")
    for name in ("history.csv", "best.keras"):
        assert (again / name).read_bytes()
    assert json.loads((again / "config.json").read_text())["name"] == "smoke"
    (folder / "model.keras").unlink()
    with pytest.raises(manifest.WeightsNotKeptError, match=r"model\.keras is not here"):
        export.unpack(weights, tmp_path / "runs")


@pytest.fixture(scope="module")
def keras_logits(crops: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Return results of the committed Keras model for 200 crops."""
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
@pytest.mark.filterwarnings(EXPORT_WARNING)
def test_export_equals_keras(
    tmp_path: Path, crops: NDArray[np.uint8], keras_logits: dict[str, NDArray[np.float32]]
) -> None:
    from ml import architectures
    from ml.training import export

    weights = manifest.read(inference.DEFAULT_VERSION)
    export.export_graph(architectures.load(weights.provenance("model.keras")), tmp_path / "g.onnx")
    found = Classifier(tmp_path / "g.onnx").logits(crops)
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
    from ml.training import calibrate, export, views

    def fitted(accuracy: float) -> calibrate.Fit:
        accuracies = {view: dict.fromkeys(HEADS, accuracy) for view in ("single", "flipped")}
        return calibrate.Fit(
            {}, calibrate.Threshold(0.5, 1.0, 1.0), views.View(0.0, False), accuracies, {}
        )

    graph, quantized = export.GRAPH_FILE, export.QUANTIZED_FILE
    equal = {graph: fitted(0.8), quantized: fitted(0.799)}
    assert export.serving_file(equal) == quantized
    worse = {graph: fitted(0.8), quantized: fitted(0.79)}
    assert export.serving_file(worse) == graph
