"""Fine-tunes a small network on reviewed faces, and evaluates the result."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from ml import manifest
from ml.inference import load, unload
from ml.labels import EMOTIONS, HEADS
from ml.tests.conftest import made_faces, save_faces
from ml.training import compare, data

EXPORT_WARNING = "ignore:In the future `np.object`:FutureWarning"
HAPPY, SAD = EMOTIONS.index("happy"), EMOTIONS.index("sad")


def test_mcnemar_is_the_exact_binomial_test() -> None:
    for gained, lost in ((0, 0), (1, 9), (12, 5), (300, 341), (7, 7)):
        expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
        assert compare.mcnemar(gained, lost) == pytest.approx(expected, abs=1e-9)


def test_a_comparison_counts_faces_in_pairs() -> None:
    label = np.array([HAPPY] * 6 + [SAD] * 4)
    after, before = (np.zeros((10, 7), np.float32) for _ in range(2))
    after[np.arange(10), [HAPPY] * 5 + [SAD] * 5] = 1
    before[np.arange(10), [HAPPY] * 3 + [SAD] * 6 + [HAPPY]] = 1
    found = compare.paired(after, before, label)
    assert found["mcnemar"] == {"gained": 3, "lost": 0, "p": 0.25}
    assert found["change"] == pytest.approx(0.3)
    low, high = found["change_ci95"]
    assert low < 0.3 < high
    assert set(found["per_class"]) == {"happy", "sad"}
    assert found["per_class"]["happy"]["change"] == pytest.approx(2 / 6)
    assert found["candidate"]["accuracy"] == pytest.approx(0.9)
    assert np.array(found["baseline"]["confusion_matrix"]).sum() == 10


@pytest.fixture(scope="module")
def base_faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_faces(tmp_path_factory.mktemp("data") / "faces.npz", 320)


@pytest.fixture(scope="module")
def reviewed_faces(base_faces: Path) -> Path:
    """Return a task that a network learns in seconds: upright is happy, upside down is sad."""
    images = made_faces(240, seed=5)
    label = np.tile([HAPPY, SAD], 120).astype(np.uint8)
    images[1::2] = images[1::2, ::-1]
    usage = np.repeat([0, 0, 0, 1, 2], 48).astype(np.uint8)
    path = base_faces.with_name("reviewed.npz")
    np.savez(path, images=images, label=label, usage=usage)
    return path


def untrained(folder: Path) -> None:
    """Write the weights of an untrained small network."""
    import keras

    from ml import architectures
    from ml.training import config, export, train

    folder.mkdir(parents=True)
    # Always the same first weights, whatever ran before: some are right about half of it by chance.
    keras.utils.set_random_seed(2013)
    model = architectures.for_serving(train.network(config.SMOKE))
    model.save(folder / export.KERAS_FILE)
    export.export_graph(model, folder / export.GRAPH_FILE)
    plain = {"temperature": 1.0, "bias": dict.fromkeys(EMOTIONS, 0.0)}
    document = {
        "serving": {"file": export.GRAPH_FILE, "flip_averaging": False},
        "input": {"shape": list(manifest.INPUT_SHAPE), "range": list(manifest.INPUT_RANGE)},
        "labels": list(EMOTIONS),
        "heads": list(HEADS),
        "calibration": dict.fromkeys(HEADS, plain),
        "uncertain": {"threshold": 0.5},
    }
    manifest.write(document, folder)


@pytest.mark.training
@pytest.mark.filterwarnings(EXPORT_WARNING)
def test_a_candidate_learns_what_people_corrected(
    tmp_path: Path,
    base_faces: Path,
    reviewed_faces: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ml.training import finetune, replay

    models = tmp_path / "models"
    untrained(models / "small")
    compared = compare.compare

    def compare_and_look(*arguments: Any) -> dict[str, Any]:
        assert not (models / "small-june").exists(), "a run that ends here could not begin anew"
        return compared(*arguments)

    monkeypatch.setattr(compare, "compare", compare_and_look)
    weights = finetune.finetune(
        reviewed=reviewed_faces,
        base_data=base_faces,
        base="small",
        name="small-june",
        out=models,
        plan=replay.Plan(epochs=6, replay=96, peak_learning_rate=5e-3, batch_size=16),
        reviewed_id="2026-06-01-abc",
    )
    manifest.verify_files(weights)
    training = weights.document["training"]
    assert training["reviewed"]["id"] == "2026-06-01-abc"
    assert training["reviewed"]["sha256"] == manifest.sha256_of(reviewed_faces)
    assert training["reviewed"]["splits"] == {"train": 144, "validation": 48, "test": 48}
    assert training["base"]["version"] == "small"
    assert training["epochs"] == 6
    assert weights.document["data"]["sha256"] == manifest.sha256_of(base_faces)
    assert str(tmp_path) not in json.dumps(weights.document)
    # Nothing else is left, and a name is given once.
    assert sorted(path.name for path in models.iterdir()) == ["comparisons", "small", "small-june"]
    with pytest.raises(ValueError, match="a version 'small-june' already"):
        finetune.finetune(
            reviewed=reviewed_faces, base_data=base_faces, base="small", name="small-june",
            out=models, plan=replay.QUICK,
        )  # fmt: skip

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    progress = [line["progress"] for line in lines]
    assert progress == sorted(progress)
    assert (lines[0]["stage"], lines[-1]["stage"], progress[-1]) == ("training", "done", 1.0)
    assert lines[-1]["sha256"] == weights.sha256

    before = manifest.read("small", models)
    path = manifest.comparison_path(models, weights.sha256, before.sha256)
    report = json.loads(path.read_text())
    assert set(report["sets"]) == {"test", "original", "reviewed"}
    held_out = report["sets"]["reviewed"]
    assert held_out["n"] == 48
    assert held_out["change"] > 0.2
    assert held_out["mcnemar"]["p"] < 0.05
    # The report says what serving says.
    faces = data.load(reviewed_faces, data.Split.TEST)
    served = load("small-june", models).classify(faces.images).argmax(axis=1)
    unload()
    assert held_out["candidate"]["accuracy"] == pytest.approx((served == faces.label).mean())


@pytest.mark.training
def test_every_epoch_replays_other_base_faces() -> None:
    from ml.training.replay import Plan, rows_of_epoch

    plan = Plan(replay=100, reviewed_share=0.25, repeats=4)
    first, second = (rows_of_epoch(1000, 10, plan, epoch) for epoch in range(2))
    assert len(first) == 100 + 30
    assert (np.bincount(first[first >= 1000] - 1000) == 3).all()
    assert len(set(first[first < 1000])) == 100
    assert set(first) != set(second)
    # Few faces are not learned by heart.
    assert len(rows_of_epoch(1000, 2, plan, 0)) == 100 + 8
    assert len(rows_of_epoch(50, 500, plan, 0)) == 50 + 500
