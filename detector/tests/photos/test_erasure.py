"""Deleting photos and accounts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from detector.analyses import submission
from detector.enums import Source
from detector.models import Analysis, Face, Photo, User
from detector.photos import erasure


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


@pytest.mark.django_db(transaction=True)
def test_files_stay_where_the_deletion_was_rolled_back(
    owner: User, picture: Callable[..., SimpleUploadedFile]
) -> None:
    [analysis] = submission.submit(owner, [picture()], Source.WEB).accepted
    before = files()
    with transaction.atomic():
        erasure.delete_photo(analysis.photo)
        transaction.set_rollback(True)
    assert Photo.objects.exists()
    assert files() == before != []


def test_deleting_the_account_deletes_the_files(
    analysed: Analysis, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        erasure.delete_account(owner)
    assert files() == []
