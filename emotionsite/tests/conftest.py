"""Jobs that touch nothing of this installation."""

from pathlib import Path
from typing import Any

import pytest

from emotionsite.processes import jobs


@pytest.fixture
def private_jobs(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """Keep jobs away from the files of this installation and the connection of a test."""
    settings.MEDIA_ROOT, settings.BROKER_FOLDER = tmp_path / "media", tmp_path / "broker"
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    monkeypatch.setattr(jobs, "connection", type("Kept", (), {"close": lambda self: None})())
