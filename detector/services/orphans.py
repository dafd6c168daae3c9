"""Stored files that no row names: what is left when a process dies between file and row."""

from collections.abc import Iterator
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from detector.models import Photo
from detector.services import images

FOLDERS = ("uploads", "images", "thumbnails")
MIN_AGE = timedelta(hours=1)
"""A younger file may still be on its way into a row."""


def remove_orphans() -> int:
    """Delete old files without a row; how many they were."""
    removed = 0
    for folder in _folders():
        names = _old_files(folder)
        orphans = sorted(names - _named(names))
        images.delete_files(orphans)
        removed += len(orphans)
    return removed


def _folders() -> Iterator[str]:
    for top in FOLDERS:
        if default_storage.exists(top):
            for part in default_storage.listdir(top)[0]:
                yield f"{top}/{part}"


def _old_files(folder: str) -> set[str]:
    newest = timezone.now() - MIN_AGE
    paths = {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
    return {path for path in paths if default_storage.get_modified_time(path) < newest}


def _named(names: set[str]) -> set[str]:
    rows = Photo.objects.filter(
        Q(upload__in=names) | Q(image__in=names) | Q(thumbnail__in=names)
    ).values_list("upload", "image", "thumbnail")
    return {name for row in rows for name in row}
