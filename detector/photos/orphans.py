"""Stored files that no row names: what is left when a process dies between file and row."""

import fnmatch
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import chain

from django.core.files.storage import default_storage

from detector.common import storage
from detector.models import Explanation, Photo
from detector.photos import images

FOLDERS = ("uploads", "images", "thumbnails", "explanations", "probes")
MIN_AGE = timedelta(hours=1)
"""A younger file may still be on its way into a row. It is also how long an interrupted upload, a
part of a picture or a probe of the storage may lie about."""


def remove_orphans() -> int:
    """Delete old files without a row; how many they were."""
    # Files before rows: a file that is not named now and was there an hour ago never will be.
    old = set(_old_files())
    photos = Photo.objects.values_list("upload", "image", "thumbnail")
    heat_maps = Explanation.objects.values_list("picture")
    for names in chain(photos.iterator(chunk_size=2000), heat_maps.iterator(chunk_size=2000)):
        old.difference_update(names)
    images.delete_files(sorted(old))
    return len(old)


def _old_files() -> Iterator[str]:
    # By the clock that dated the files: another that runs ahead of it would make new ones old.
    newest = storage.now() - MIN_AGE
    for path in _files():
        # One that vanishes meanwhile was normalised or deleted.
        with suppress(FileNotFoundError):
            if default_storage.get_modified_time(path) < newest:
                yield path


def _files() -> Iterator[str]:
    for top in FOLDERS:
        if not default_storage.exists(top):
            continue
        for part in default_storage.listdir(top)[0]:
            for name in default_storage.listdir(f"{top}/{part}")[1]:
                yield f"{top}/{part}/{name}"
    if default_storage.exists(""):
        # Earlier versions left the probes of their readiness here.
        yield from fnmatch.filter(default_storage.listdir("")[1], "readiness*")
