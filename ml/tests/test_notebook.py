"""The notebook was run as a whole, and still runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ml.tests.conftest import save_faces

NOTEBOOK = Path("ml/notebooks/emotion_detection.ipynb")


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    """Return the committed cells with code."""
    found = json.loads(NOTEBOOK.read_text())["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


def test_committed_with_its_outputs(cells: list[dict[str, Any]]) -> None:
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 8


def test_shows_no_picture_of_the_data_set(cells: list[dict[str, Any]]) -> None:
    sources = ["".join(cell["source"]) for cell in cells]
    assert any("SHOW_FACES = False" in source for source in sources)
    for source, cell in zip(sources, cells, strict=True):
        if "images[" in source and "figures.pictures" in source and "mean(axis=0)" not in source:
            assert "if SHOW_FACES:" in source
            assert not any("image/png" in output.get("data", {}) for output in cell["outputs"])


@pytest.mark.training
def test_runs(tmp_path: Path) -> None:
    save_faces(tmp_path / "faces.npz", 160, seed=4)
    folder = str(NOTEBOOK.parent)
    # Options and plugins of this project's own tests do not apply to a notebook.
    command = ["pytest", "-p", "nbmake.pytest_plugin", "--nbmake", "--nbmake-timeout=240"]
    ran = subprocess.run(
        [sys.executable, "-m", *command, "-c", os.devnull, "--rootdir", folder, str(NOTEBOOK)],
        env=os.environ
        | {
            "EMOTIONSITE_DATA": str(tmp_path / "faces.npz"),
            "PYTHONPATH": str(Path.cwd()),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert "1 passed" in ran.stdout
