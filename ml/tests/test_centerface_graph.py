"""The detector's graphs are prepared once, whole, and from the right file."""

import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ml import centerface, centerface_graph, centerface_int8, runtime
from ml.centerface_graph import FLOAT32, INT8, FaceDetectorError, Graph


def graphs(folder: Path) -> tuple[Graph, Graph]:
    """Return both graphs, in another folder."""
    float32, int8 = (graph._replace(path=folder / graph.path.name) for graph in (FLOAT32, INT8))
    return float32, int8


def test_prepared_graphs_are_those_that_serve(tmp_path: Path) -> None:
    made = graphs(tmp_path / "folder")
    centerface_graph.prepare(*made)
    for graph, serving in zip(made, (FLOAT32, INT8), strict=True):
        assert graph.path.read_bytes() == centerface_graph.read(serving)
    written = [graph.path.stat().st_mtime_ns for graph in made]
    centerface_graph.prepare(*made)
    assert [graph.path.stat().st_mtime_ns for graph in made] == written
    assert len(list((tmp_path / "folder").iterdir())) == 2


@pytest.mark.parametrize("damaged", [0, 1])
def test_damaged_graph_is_refused_and_prepared_again(tmp_path: Path, damaged: int) -> None:
    made = graphs(tmp_path)
    made[damaged].path.write_bytes(b"half a graph")
    with pytest.raises(FaceDetectorError, match="not the network"):
        centerface_graph.read(made[damaged])
    centerface_graph.prepare(*made)
    assert centerface_graph.read(made[damaged])


def test_missing_graph_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FaceDetectorError, match="make setup"):
        centerface_graph.read(graphs(tmp_path)[1])


def test_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FaceDetectorError, match=r"requirements-detector\.txt"):
        centerface_graph.prepare(*graphs(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_package_with_another_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "centerface.onnx").write_bytes(b"something else")
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: package)
    with pytest.raises(FaceDetectorError, match="not the network"):
        centerface_graph.prepare(*graphs(tmp_path / "prepared"))


@pytest.fixture
def other_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a copy of the constants, which serves in their place."""
    folder = tmp_path / "constants"
    shutil.copytree(centerface_int8.FOLDER, folder)
    monkeypatch.setattr(centerface_int8, "FOLDER", folder)
    return folder


def test_other_constants_do_not_serve(other_folder: Path, tmp_path: Path) -> None:
    file = other_folder / centerface_int8.CONSTANTS
    constants = json.loads(file.read_text(encoding="ascii"))
    file.write_text(json.dumps(constants | {"score": 16}), encoding="ascii")
    made = graphs(tmp_path / "folder")
    with pytest.raises(FaceDetectorError, match="not the network"):
        centerface_graph.prepare(*made)
    assert not made[1].path.exists()


@pytest.mark.parametrize("name", [centerface_int8.CONSTANTS, centerface_int8.RANGES])
@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_missing_or_damaged_constants_are_named(
    other_folder: Path, tmp_path: Path, name: str, content: str | None
) -> None:
    (other_folder / name).unlink()
    if content is not None:
        (other_folder / name).write_text(content, encoding="ascii")
    with pytest.raises(FaceDetectorError, match="missing or damaged"):
        centerface_graph.prepare(*graphs(tmp_path / "folder"))


def test_factors_alone_change_no_result() -> None:
    """Dividing and multiplying cancel out: only the eight bits change what the network says."""
    import onnx

    content = centerface_graph.read(FLOAT32)
    file = centerface_int8.FOLDER / centerface_int8.CONSTANTS
    constants = json.loads(file.read_text(encoding="ascii"))
    model = centerface_int8.balanced(onnx.load_from_string(content), constants)
    photo = np.random.default_rng(1).integers(0, 256, (96, 128, 3)).astype(np.uint8)
    given = {centerface.INPUT: centerface.network_input(photo)}
    before, after = (
        runtime.session(network, any_size=True).run(list(centerface.OUTPUTS[1:]), given)
        for network in (content, model.SerializeToString())
    )
    for plain, scaled in zip(before, after, strict=True):
        assert np.allclose(plain, scaled, atol=2e-3)


@pytest.mark.parametrize(
    "changed",
    [
        "ml/centerface_graph.py",
        "ml/centerface_int8.py",
        "ml/weights/centerface_int8/constants.json",
        "ml/weights/centerface_int8/ranges.json",
    ],
)
def test_setup_prepares_the_graphs_anew_after_an_update(changed: str) -> None:
    """Else an installation that is updated would lack the graph that the new code wants."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    rules = subprocess.run(
        ["make", "--dry-run", "--print-data-base", "setup"],
        cwd=Path(__file__).parents[2],
        env=kept,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (needed,) = (line for line in rules.splitlines() if line.startswith(".venv/.detector:"))
    assert changed in needed.split()
