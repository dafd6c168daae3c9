"""Orphans: files without a row."""

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

from detector.models import Analysis
from detector.photos import orphans


def stored() -> set[str]:
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def age(hours: float) -> None:
    moment = time.time() - hours * 3600
    for name in stored():
        os.utime(Path(settings.MEDIA_ROOT, name), (moment, moment))


def test_old_files_without_a_row_are_removed(analysed: Analysis) -> None:
    kept = stored()
    for folder in orphans.FOLDERS:
        default_storage.save(f"{folder}/ab/left-behind", ContentFile(b"x"))
    default_storage.save("readiness_x1", ContentFile(b"x"))
    age(hours=2)
    assert orphans.remove_orphans() == len(orphans.FOLDERS) + 1
    assert stored() == kept


def test_young_ones_may_be_on_their_way(analysed: Analysis) -> None:
    default_storage.save("uploads/ab/new", ContentFile(b"x"))
    age(hours=0.5)
    assert orphans.remove_orphans() == 0
    assert "uploads/ab/new" in stored()


def test_nothing_stored_yet(db: None, settings: Any) -> None:
    assert orphans.remove_orphans() == 0


@pytest.mark.parametrize("hours", [-2, 2])
def test_the_clock_of_the_storage_decides(
    analysed: Analysis, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    dated = FileSystemStorage.get_modified_time
    monkeypatch.setattr(
        FileSystemStorage,
        "get_modified_time",
        lambda self, name: dated(self, name) + timedelta(hours=hours),
    )
    default_storage.save("uploads/ab/old", ContentFile(b"x"))
    age(hours=1.5)
    default_storage.save("uploads/ab/new", ContentFile(b"x"))
    assert orphans.remove_orphans() == 1
    assert "uploads/ab/new" in stored()
    assert not [name for name in stored() if name.startswith("probes/")]
