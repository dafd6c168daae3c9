"""Fixtures of backups."""

from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from detector.models import Analysis, Photo, ReviewCase, User
from detector.operations.backup import seal as backup_seal
from detector.tests.operations.full_system import fill


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.fixture(autouse=True)
def _quick_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_seal, "COST", 2**10)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path) -> Any:
    """Give the system that is backed up a key and a model of its own."""
    var = tmp_path / "var"
    (var / "models" / "tuned").mkdir(parents=True)
    (var / "secret_key").write_text("the key of the first system")
    (var / "models" / "tuned" / "weights.onnx").write_bytes(b"weights")
    with override_settings(VAR_DIR=var, MODELS_FOLDER=var / "models"):
        yield


@pytest.fixture
def full(case: ReviewCase, analysed: Analysis, owner: User, reviewer: User) -> Photo:
    """Fill the system with rows of the kinds that matter. Return its photo."""
    fill(case, analysed, owner, reviewer)
    return analysed.photo
