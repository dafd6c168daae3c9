"""Files that no row names."""

import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from detector.models import Analysis
from detector.services import orphans


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
