"""Remove orphans: stored files without a row, left by a process that died in between."""

import fnmatch
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from django.core.files.storage import default_storage

from detector.common import storage
from detector.models import Explanation, Photo, Video, VideoStill, VideoUploadPart
from detector.photos import images

FOLDERS = ("uploads", "images", "thumbnails", "explanations", "videos", "stills", "parts", "probes")
MIN_AGE = timedelta(hours=1)
"""The row of a younger file may not be committed yet."""


def remove_orphans() -> int:
    """Delete old files without a row. Return how many there were."""
    # List files before reading rows: a file that is an hour old and has no row will never get one.
    old = set(_old_files())
    photos = Photo.objects.values_list("upload", "image", "thumbnail")
    others = (
        Explanation.objects.values_list("picture"),
        Video.objects.values_list("file"),
        VideoStill.objects.values_list("picture"),
        VideoUploadPart.objects.values_list("file"),
    )
    for rows in (photos, *others):
        for names in rows.iterator(chunk_size=2000):
            old.difference_update(names)
    images.delete_files(sorted(old))
    return len(old)


def _old_files() -> Iterator[str]:
    # Compare with the storage's clock: with one that runs ahead, new files would look old.
    newest = storage.now() - MIN_AGE
    for folder in FOLDERS:
        yield from (name for name, moment in storage.dated_files(folder) if moment < newest)
    if not storage.has_folders(default_storage) or not default_storage.exists(""):
        return
    # Earlier versions left their readiness probes here.
    for name in fnmatch.filter(default_storage.listdir("")[1], "readiness*"):
        with suppress(FileNotFoundError):
            if default_storage.get_modified_time(name) < newest:
                yield name
