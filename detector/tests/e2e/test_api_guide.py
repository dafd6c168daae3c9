"""The examples of docs/api.md do what they say, against a live server."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.tests.e2e.platform import ROOT, Platform
from ml.tests.videos import making

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["unlimited"], indirect=True),
]
GUIDE = (ROOT / "docs" / "api.md").read_text()
CLIENT = ROOT / "docs" / "client"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_examples_of_the_guide(
    platform: Platform, tmp_path: Path, group_photo: bytes, portrait: bytes
) -> None:
    (tmp_path / "a.jpg").write_bytes(portrait)
    (tmp_path / "b.jpg").write_bytes(group_photo)
    astronaut = np.asarray(Image.open(io.BytesIO(portrait)).convert("RGB").resize((320, 320)))
    (tmp_path / "film.mp4").write_bytes(making.video([astronaut] * 20))
    values = {
        "URL": platform.url,
        "TOKEN": platform.token("reader"),
        "HOOK": "http://127.0.0.1:9/hook",
    }
    environment = {**os.environ, **values, "PYTHONPATH": str(CLIENT)}
    names = "import os\n" + "".join(f'{name} = os.environ["{name}"]\n' for name in values)
    shell = ["bash", "-euo", "pipefail", "-c", "\n".join(examples("sh"))]
    python = [sys.executable, "-c", names + "\n".join(examples("python"))]
    for command in (shell, python):
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    assert (tmp_path / "boxes.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert (tmp_path / "all.zip").stat().st_size > 0
