"""The process that analyses a photo and keeps nothing: one process, one photo after the other."""

import io
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml import images
from ml.detection import process as detection
from ml.detection.process import BusyError, DiedError, Process
from ml.inference import Analyser

pytestmark = pytest.mark.weights

IDLE_SECONDS = 2.0
"""Seconds without a photo until the process ends: more than a test takes between two photos."""
REQUEST: dict[str, Any] = {
    "limits": asdict(images.Limits()), "version": None, "models_folder": "/nonexistent",
}  # fmt: skip


@pytest.fixture
def process() -> Iterator[Process]:
    made = Process(memory_bytes=4 * 2**30, idle_seconds=IDLE_SECONDS)
    yield made
    made.close()


def ask(process: Process, photo: bytes, **changes: Any) -> dict[str, Any]:
    times = {"patience": 5.0, "seconds": 20.0} | changes
    return process.ask(photo, REQUEST, **times)


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").is_dir()


def test_photos_are_answered_and_nothing_is_kept(
    process: Process, analyser: Analyser, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    file = io.BytesIO()
    Image.fromarray(astronaut).save(file, "PNG")
    (face,) = analyser.analyse(astronaut)
    answer = ask(process, file.getvalue())
    assert answer["faces"] == [
        face.as_dict() | {"box": asdict(face.box), "detection_score": face.detection_score}
    ]
    assert (answer["width"], answer["height"], answer["format"]) == (512, 512, "PNG")
    assert answer["model"] == {"name": analyser.version, "sha256": analyser.sha256}
    assert set(answer["timings_ms"]) == {"normalise", "detect", "align", "classify"}
    # A file that is no photo is no reason to start another process.
    pid = process.pid
    assert ask(process, b"text")["error"]["code"] == "unsupported_format"
    assert process.pid == pid is not None
    # It has no file open that could be written: pipes, what it read, and /dev/null.
    opened = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    assert {name.partition(":")[0] for name in opened} <= {"pipe", "/dev/null"}
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert [line.split()[3:5] for line in limits.splitlines() if "Max file size" in line] == [
        ["0", "0"]
    ]
    # After the last photo it ends, and its memory is free.
    end = time.monotonic() + 20
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(pid)
    assert process.pid is None


def test_a_photo_that_takes_too_long_ends_its_process_alone(process: Process) -> None:
    large = io.BytesIO()
    Image.fromarray(np.zeros((3000, 3000, 3), np.uint8)).save(large, "PNG")
    with pytest.raises(DiedError):
        ask(process, large.getvalue(), seconds=0.01)
    assert process.pid is None
    assert ask(process, b"")["error"]["code"] == "empty_file"


def test_whoever_waits_too_long_is_sent_away(process: Process) -> None:
    with process._turn, pytest.raises(BusyError):
        ask(process, b"", patience=0.01)


def test_an_answer_that_was_not_read_is_for_nobody_else(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    echo = (
        "import json, sys\n"
        "for line in iter(sys.stdin.buffer.readline, b''):\n"
        "    photo = sys.stdin.buffer.read(json.loads(line)['bytes'])\n"
        "    print(json.dumps({'of': photo.decode()}), flush=True)\n"
    )
    monkeypatch.setattr(detection, "PROGRAM", (sys.executable, "-c", echo))
    assert ask(process, b"first") == {"of": "first"}
    pipes = detection._pipes
    with monkeypatch.context() as patched:
        unreadable = Mock(readline=Mock(side_effect=MemoryError))
        patched.setattr(detection, "_pipes", lambda child: (pipes(child)[0], unreadable))
        with pytest.raises(MemoryError):
            ask(process, b"second")
    assert ask(process, b"third") == {"of": "third"}
