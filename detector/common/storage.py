"""Read and write stored files, and tell an outage of the storage from a lost file."""

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, default_storage
from django.db.models.fields.files import FieldFile

from detector.common.outages import storage_away
from detector.exceptions import OutageError

PROBES: Final = "probes/readiness"
PROBE_BYTES: Final = 256 * 2**10
"""Large enough to fail on a full disk, which may still accept an empty file."""

NO_SPACE_ERRNOS: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_full(error: OutageError) -> bool:
    """Return whether the storage is unavailable because it is full, or its quota is used up."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in NO_SPACE_ERRNOS


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn an OSError of the storage into DetectorError `storage_unavailable`.

    FileNotFoundError passes through: it means a lost file, not an outage.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise storage_away() from error


def save(file: FieldFile, content: "File[Any]") -> None:
    """Store content under a new name and put the name into the row's field, unsaved.

    Raises DetectorError `storage_unavailable`; then no partial file is left behind.
    """
    name = file.field.generate_filename(file.instance, "")
    try:
        with translate_errors():
            file.name = file.storage.save(name, content, max_length=file.field.max_length)
    except BaseException:
        # An object store keeps whole objects only, and to ask it again would wait as long again.
        if has_folders(file.storage):
            with suppress(OSError):
                file.storage.delete(name)
        raise
    setattr(file.instance, file.field.attname, file.name)


def read(file: FieldFile) -> bytes:
    """Return the content of a stored file.

    Raises FileNotFoundError where the file is lost, and DetectorError `storage_unavailable` where
    it cannot be read now, or the whole storage seems to be missing.
    """
    try:
        with translate_errors(), file.open("rb") as stream:
            content: bytes = stream.read()
    except FileNotFoundError as error:
        if _is_folder_missing(file):
            raise storage_away() from error
        raise
    return content


def is_lost(file: FieldFile) -> bool:
    """Return whether a stored file is gone. Raises DetectorError `storage_unavailable`."""
    with translate_errors():
        if file.storage.exists(str(file.name)):
            return False
        if _is_folder_missing(file):
            raise storage_away()
    return True


def read_part(file: FieldFile, start: int, end: int) -> bytes:
    """Return the bytes from `start` to before `end`.

    Raises OSError as the storage does.
    """
    name = str(file.name)
    if hasattr(file.storage, "read_part"):
        content: bytes = file.storage.read_part(name, start, end)[0]
        return content
    with file.storage.open(name, "rb") as stream:
        stream.seek(start)
        return bytes(stream.read(end - start))


def check() -> None:
    """Write, read and remove a file of the size of a small photo.

    Raises DetectorError `storage_unavailable`.
    """
    content = secrets.token_bytes(PROBE_BYTES)
    with _probe(content) as name, translate_errors(), default_storage.open(name) as file:
        if file.read() != content:
            raise storage_away()


def is_single_file_error(error: BaseException) -> bool:
    """Return whether an error concerns one file only, while the storage itself works.

    Examples are a bad sector and a file that another user owns: waiting does not help. A full disk
    is always an outage, since it may accept the probe and still be too full for a photo, and so is
    a store that cannot be reached over the network.
    """
    cause = error.__cause__ if isinstance(error, OutageError) else error
    if not isinstance(cause, OSError) or isinstance(cause, FileNotFoundError):
        return False
    # An object store that did not answer may do so a moment later.
    if cause.errno in NO_SPACE_ERRNOS or cause.errno == errno.ENOTCONN:
        return False
    try:
        check()
    except OutageError:
        return False
    return True


def is_local(stored_in: Storage) -> bool:
    """Return whether the files, as they are, are on a disk of this host, or one mounted here."""
    return isinstance(stored_in, FileSystemStorage)


def beneath(stored_in: Storage) -> Storage:
    """Return the storage that holds the files: the one beneath, where they are encrypted."""
    inner: Storage = getattr(stored_in, "inner", stored_in)
    return inner


def has_folders(stored_in: Storage) -> bool:
    """Return whether the files, also encrypted ones, are in folders of a disk."""
    return is_local(beneath(stored_in))


def dated_files(folder: str) -> Iterator[tuple[str, datetime]]:
    """Yield the name and the modification time of each file in the folders of a folder.

    A file that vanishes meanwhile is left out.
    """
    if not has_folders(default_storage):
        # An object store has no folders, but lists the times with the names.
        yield from default_storage.dated(folder)  # type: ignore[attr-defined]
        return
    if not default_storage.exists(folder):
        return
    for part in default_storage.listdir(folder)[0]:
        for name in default_storage.listdir(f"{folder}/{part}")[1]:
            path = f"{folder}/{part}/{name}"
            try:
                moment = default_storage.get_modified_time(path)
            except FileNotFoundError:
                continue
            yield path, moment


def now() -> datetime:
    """Return the storage's time, to compare the modification times of its files with.

    It may differ from the database's and this host's. Raises DetectorError `storage_unavailable`.
    """
    with _probe(b"now") as name, translate_errors():
        return default_storage.get_modified_time(name)


@contextmanager
def _probe(content: bytes) -> Iterator[str]:
    """Write a probe file and remove it at the end. Yield its name."""
    name = f"{PROBES}/{secrets.token_hex(16)}"
    try:
        with translate_errors():
            name = default_storage.save(name, ContentFile(content))
        yield name
    finally:
        with suppress(OSError):
            default_storage.delete(name)


def _is_folder_missing(file: FieldFile) -> bool:
    """Return whether the top folder is missing too: probably the disk is not mounted."""
    if not has_folders(file.storage):
        return False
    return not file.storage.exists(PurePosixPath(str(file.name)).parts[0])
