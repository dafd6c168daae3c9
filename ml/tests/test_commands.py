"""The commands people and programs run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn import metrics as sklearn_metrics

from ml import inference
from ml.inference import Analyser
from ml.tests.conftest import made_faces, save_faces

pytestmark = pytest.mark.weights


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def faces_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 100 faces with labels and votes: 20 for validation, 20 for the test."""
    return save_faces(tmp_path_factory.mktemp("data") / "faces.npz", 100, seed=4)


def evaluate(*arguments: object) -> dict[str, Any]:
    done = run("ml.training.evaluate", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_evaluate_judges_both_heads(faces_file: Path, analyser: Analyser) -> None:
    result = evaluate("--data", faces_file, "--split", "validation")
    assert (result["n"], result["head"], result["model"]) == (
        20,
        "fer2013",
        inference.DEFAULT_VERSION,
    )
    with np.load(faces_file) as file:
        rows = file["usage"] == 1
        faces, label = file["images"][rows], file["label"][rows]
    predicted = analyser.classify(faces, head="fer2013").argmax(axis=1)
    assert result["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(label, predicted))
    assert result["macro_f1"] == pytest.approx(
        sklearn_metrics.f1_score(label, predicted, average="macro", zero_division=0)
    )
    assert {"ferplus_accuracy", "ferplus_macro_f1", "ferplus_ece", "ferplus_n"} <= result.keys()
    assert 0 <= result["ferplus_certain"]["coverage"] <= 1
    assert {"ece", "log_loss", "per_class", "confusion_matrix", "model_sha256"} <= result.keys()


def test_evaluate_defaults(faces_file: Path, tmp_path: Path) -> None:
    assert evaluate("--data", faces_file)["n"] == 20
    with np.load(faces_file) as file:
        np.savez(tmp_path / "plain.npz", images=file["images"], label=file["label"])
    plain = evaluate("--data", tmp_path / "plain.npz")
    assert (plain["n"], plain["head"]) == (100, "consensus")
    assert not any(key.startswith("ferplus") for key in plain)
    forced = evaluate("--data", tmp_path / "plain.npz", "--head", "fer2013")
    assert forced["head"] == "fer2013"
    assert forced["log_loss"] != plain["log_loss"]


@pytest.mark.parametrize(
    "arguments", [["--version", "v0"], ["--split", "test"], ["--head", "other"]]
)
def test_evaluate_explains_what_is_wrong(tmp_path: Path, arguments: list[str]) -> None:
    path = tmp_path / "plain.npz"
    np.savez(path, images=made_faces(2), label=np.zeros(2, np.uint8))
    done = run("ml.training.evaluate", "--data", path, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error:" in done.stderr
    assert "Traceback" not in done.stderr


def test_evaluate_needs_no_tensorflow(faces_file: Path) -> None:
    code = (
        "import sys; from ml.training import evaluate; evaluate.main();"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--data", str(faces_file)],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_analyse_goes_on_after_a_bad_file(
    tmp_path: Path, montage: NDArray[np.uint8], coffee: NDArray[np.uint8]
) -> None:
    good, none, bad = tmp_path / "three.jpg", tmp_path / "none.png", tmp_path / "bad.jpg"
    Image.fromarray(montage).save(good, quality=95)
    Image.fromarray(coffee).save(none)
    # No name in UTF-8, and a checksum at the end of the pixels that is wrong.
    damaged = Path(os.fsdecode(os.fsencode(tmp_path / "damaged") + b"\xfc.png"))
    content = none.read_bytes()
    damaged.write_bytes(content[:-16] + bytes([content[-16] ^ 255]) + content[-15:])
    bad.write_text("not an image")
    missing = tmp_path / "missing.jpg"
    paths = (good, bad, missing, damaged, none)
    done = run("ml.analyse", *paths)
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["path"] for line in lines] == list(map(str, paths))
    assert (lines[0]["width"], lines[0]["height"]) == (montage.shape[1], montage.shape[0])
    assert len(lines[0]["faces"]) == 3
    assert lines[1]["error"]["code"] == "unsupported_format"
    assert lines[2]["error"]["code"] == "unreadable_file"
    assert lines[3]["error"]["code"] == "corrupt_image"
    assert lines[4]["faces"] == []


def test_analyse_succeeds(tmp_path: Path, astronaut: NDArray[np.uint8]) -> None:
    path = tmp_path / "astronaut.webp"
    Image.fromarray(astronaut).save(path)
    done = run("ml.analyse", path)
    assert done.returncode == 0
    (face,) = json.loads(done.stdout)["faces"]
    assert face["emotion"] == "happy"


def test_benchmarks(tmp_path: Path) -> None:
    done = run("ml.benchmarks", "--rounds", 2, "--json", tmp_path / "bench.json")
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "bench.json").read_text())
    assert {"analyse_2_megapixels_ms", "classify_1_ms", "classify_32_ms"} <= results.keys()
    assert all(value > 0 for value in results.values())
    assert len(done.stdout.splitlines()) == len(results)
