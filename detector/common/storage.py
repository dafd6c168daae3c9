"""Stored files: written whole or not at all; a storage that is away is told from a lost file."""

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models.fields.files import FieldFile

from detector.common.outages import storage_away
from detector.exceptions import OutageError

PROBES: Final = "probes/readiness"
PROBE_BYTES: Final = 256 * 2**10
"""A disk may be full for a photo and still take a name."""

OF_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def reached() -> Iterator[None]:
    """Run a block that uses the storage.

    Raises DetectorError `storage_unavailable` for every OSError of the storage but
    FileNotFoundError: a lost file is passed on as it is.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise storage_away() from error


def save(file: FieldFile, content: "File[Any]") -> None:
    """Store content under a new name of a row's file; the row itself is not saved.

    Raises DetectorError `storage_unavailable`; then nothing is left of it, not even a part.
    """
    name = file.field.generate_filename(file.instance, "")
    try:
        with reached():
            file.name = file.storage.save(name, content, max_length=file.field.max_length)
    except BaseException:
        with suppress(OSError):
            file.storage.delete(name)
        raise
    setattr(file.instance, file.field.attname, file.name)


def read(file: FieldFile) -> bytes:
    """Return a stored file whole.

    Raises FileNotFoundError where it is lost, and DetectorError `storage_unavailable` where it
    cannot be said, or cannot be read now.
    """
    try:
        with reached(), file.open("rb") as stream:
            content: bytes = stream.read()
    except FileNotFoundError as error:
        if _is_gone_as_a_whole(file):
            raise storage_away() from error
        raise
    return content


def check() -> None:
    """Write, read and remove a file as large as a small photo.

    Raises DetectorError `storage_unavailable`.
    """
    content = secrets.token_bytes(PROBE_BYTES)
    with _probe(content) as name, reached(), default_storage.open(name) as file:
        if file.read() != content:
            raise storage_away()


def is_only_one_file(error: BaseException) -> bool:
    """Return whether an error that looks like an outage is of one file: the storage itself works.

    A bad sector, or a file that another user owns, does not pass by waiting. A disk that is full
    may take the small file that is written here and still be too full for a photo.
    """
    cause = error.__cause__ if isinstance(error, OutageError) else error
    if not isinstance(cause, OSError) or isinstance(cause, FileNotFoundError):
        return False
    if cause.errno in OF_ROOM:
        return False
    try:
        check()
    except OutageError:
        return False
    return True


def now() -> datetime:
    """Return the storage's time, which the times of its files are to be compared with.

    It may be another than that of the database or of this host. Raises DetectorError
    `storage_unavailable`.
    """
    with _probe(b"now") as name, reached():
        return default_storage.get_modified_time(name)


@contextmanager
def _probe(content: bytes) -> Iterator[str]:
    """Write a file; its name is returned, and at the end it is removed."""
    name = f"{PROBES}/{secrets.token_hex(16)}"
    try:
        with reached():
            name = default_storage.save(name, ContentFile(content))
        yield name
    finally:
        with suppress(OSError):
            default_storage.delete(name)


def _is_gone_as_a_whole(file: FieldFile) -> bool:
    """Whether the folder of all files of this kind is not there: a disk that is not mounted."""
    if not isinstance(file.storage, FileSystemStorage):
        return False
    return not file.storage.exists(PurePosixPath(str(file.name)).parts[0])
