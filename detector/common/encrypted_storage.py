"""A storage that encrypts what another one stores: docs/decisions/0039-encrypted-files.md."""

import errno
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from django.core.files.base import File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible
from django.utils.module_loading import import_string

from detector.common import sealed_files

IN_MEMORY: Final = 8 * 2**20
"""Bytes of a file up to which its sealed content needs no temporary file."""


class PlainFile(File[Any]):
    """The content of a sealed file, which can be read from any place."""

    def __init__(self, reader: sealed_files.Reader, name: str) -> None:
        super().__init__(io.BufferedReader(reader, sealed_files.CHUNK), name)
        self._reader = reader

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self._reader.size


@deconstructible
class EncryptedStorage(Storage):
    """Seals files with the first of its keys, and opens those of all.

    `inner` is the storage beneath as in `STORAGES`. Files from before are read as they are, unless
    `plain` is false. There is no `path` and no `url`: neither would lead to the content.
    """

    def __init__(self, inner: dict[str, Any], keys: Sequence[bytes], plain: bool = True) -> None:
        self.inner: Storage = import_string(inner["BACKEND"])(**inner.get("OPTIONS", {}))
        self.keys, self.plain = list(keys), plain

    def _save(self, name: str, content: "File[Any]") -> str:
        """Seal and store a file. Raises OSError; then no part of it is left."""
        with SpooledTemporaryFile(IN_MEMORY) as spool:
            for piece in sealed_files.sealed(self.keys[0], name, content.chunks()):
                spool.write(piece)
            spool.seek(0)
            got: str = self.inner._save(name, File(spool, name=name))  # type: ignore[attr-defined]
        if got != name:
            # Sealed for another name it could not be opened. Names are random: this is no accident.
            with suppress(OSError):
                self.inner.delete(got)
            raise OSError(errno.EEXIST, "the storage has another file of this name", name)
        return name

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        file = self.inner.open(name, mode)
        try:
            if self._key_in(file) is None:
                return self._as_it_is(file, name)
            return PlainFile(
                sealed_files.Reader(file, name, self.inner.size(name), self.keys), name
            )
        except BaseException:
            file.close()
            raise

    def _as_it_is(self, file: "File[Any]", name: str) -> "File[Any]":
        if not self.plain:
            raise OSError(errno.EBADMSG, "the stored file is not encrypted", name)
        file.seek(0)
        return file

    def size(self, name: str) -> int:
        """Return the bytes of the content."""
        with self.inner.open(name, "rb") as file:
            is_sealed = self._key_in(file) is not None
        size = self.inner.size(name)
        return sealed_files.plain_size(size) if is_sealed else size

    def is_current(self, name: str) -> bool:
        """Return whether a file is sealed with the first key. Raises FileNotFoundError."""
        with self.inner.open(name, "rb") as file:
            return self._key_in(file) == sealed_files.key_id(self.keys[0])

    def exists(self, name: str) -> bool:
        """Return whether there is such a file."""
        return self.inner.exists(name)

    def delete(self, name: str) -> None:
        """Delete a file."""
        self.inner.delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return folders and files of a folder."""
        return self.inner.listdir(path)

    def dated(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Yield names and times as an object store beneath does."""
        yield from self.inner.dated(folder)  # type: ignore[attr-defined]

    def get_modified_time(self, name: str) -> datetime:
        """Return when a file was stored."""
        return self.inner.get_modified_time(name)

    @staticmethod
    def _key_in(file: "File[Any]") -> bytes | None:
        file.seek(0)
        return sealed_files.key_of(file.read(sealed_files.HEADER))
