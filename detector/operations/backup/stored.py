"""Write files of a backup into the storage, and remove them if the restore fails."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Final, Self

from django.core.files.base import File
from django.core.files.storage import default_storage

from detector.operations.backup.errors import BackupError
from detector.operations.backup.folder import PIECE, Folder

IN_MEMORY: Final = 8 * 2**20
"""Bytes of a file up to which it needs no temporary file."""


class Written:
    """The files that a restore has written."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.paths: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Remove the files where the block failed."""
        if error is None:
            return
        for name in self.names:
            with suppress(OSError):
                default_storage.delete(name)
        for path in self.paths:
            path.unlink(missing_ok=True)

    def store(self, name: str, folder: Folder, part: str) -> None:
        """Store a file under its name. One of the same content that is there already is kept."""
        if default_storage.exists(name):
            with default_storage.open(name, "rb") as file:
                if _digest(iter(lambda: file.read(PIECE), b"")) == _digest(folder.read(part)):
                    return
            raise BackupError(f"The storage has another file named {name}.")
        self.names.append(name)
        # Some storages want to seek, so the file has to be whole.
        with SpooledTemporaryFile(IN_MEMORY) as content:
            content.writelines(folder.read(part))
            content.seek(0)
            got = default_storage.save(name, File(content, name=name))
        if got != name:
            self.names.append(got)
            raise BackupError(f"The storage refuses the name {name}.")

    def place(self, path: Path, folder: Folder, part: str) -> None:
        """Write a file outside of the storage. One that is there already is kept."""
        if path.exists():
            return
        self.paths.append(path)
        Folder(path.parent).write(path.name, folder.read(part))


def any_file(folder: str = "") -> str | None:
    """Return the name of a file in the storage; None where it has none."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return None
    prefix = f"{folder}/" if folder else ""
    if files:
        return prefix + files[0]
    return next(filter(None, (any_file(prefix + name) for name in folders)), None)


def _digest(pieces: Iterator[bytes]) -> bytes:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()
