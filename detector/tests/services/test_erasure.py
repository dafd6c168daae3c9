"""What is deleted is gone."""

from pathlib import Path
from typing import Any

from django.conf import settings

from detector.models import Analysis, Face, Photo, User
from detector.services import erasure


def files() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_rows_and_files_go(analysed: Analysis, django_capture_on_commit_callbacks: Any) -> None:
    assert files()
    with django_capture_on_commit_callbacks(execute=True):
        erasure.delete_photo(analysed.photo)
    assert not Photo.objects.exists()
    assert not Analysis.objects.exists()
    assert not Face.objects.exists()
    assert files() == []


def test_files_stay_where_the_deletion_was_rolled_back(
    analysed: Analysis, django_capture_on_commit_callbacks: Any
) -> None:
    before = files()
    with django_capture_on_commit_callbacks(execute=False):
        erasure.delete_photo(analysed.photo)
    assert files() == before


def test_deleting_the_account_deletes_the_files(
    analysed: Analysis, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        owner.delete()
    assert files() == []
