"""The detector's graph is prepared once, whole, and from the right file."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from ml import centerface_graph
from ml.centerface_graph import FaceDetectorError


def test_prepared_graph_is_the_one_that_serves(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "centerface.onnx"
    centerface_graph.prepare(path)
    assert path.read_bytes() == centerface_graph.read()
    written = path.stat().st_mtime_ns
    centerface_graph.prepare(path)
    assert path.stat().st_mtime_ns == written


def test_damaged_graph_is_refused_and_prepared_again(tmp_path: Path) -> None:
    path = tmp_path / "centerface.onnx"
    path.write_bytes(b"half a graph")
    with pytest.raises(FaceDetectorError, match="not the network"):
        centerface_graph.read(path)
    centerface_graph.prepare(path)
    assert centerface_graph.read(path)


def test_missing_graph_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FaceDetectorError, match="make setup"):
        centerface_graph.read(tmp_path / "centerface.onnx")


def test_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FaceDetectorError, match=r"requirements-detector\.txt"):
        centerface_graph.prepare(tmp_path / "centerface.onnx")
    assert list(tmp_path.iterdir()) == []


def test_package_with_another_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "centerface.onnx").write_bytes(b"something else")
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: package)
    with pytest.raises(FaceDetectorError, match="not the network"):
        centerface_graph.prepare(tmp_path / "prepared.onnx")
