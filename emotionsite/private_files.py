"""Keeps what the platform stores to the user that it runs as."""

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
ELSEWHERE: Final = frozenset({"media", "cache", "static", "vendor"})
"""Folders whose writers set modes themselves, and those of what everyone may read."""


def make_folder(folder: Path) -> None:
    """Make a folder that nobody else may enter; narrow one that is there."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    _narrow(folder, FOLDER_MODE)


def narrow_file(file: Path) -> None:
    """Keep a file that is there to ourselves."""
    _narrow(file, FILE_MODE)


def make_database(file: Path) -> None:
    """Make the file of a database, or narrow it and those that SQLite keeps beside it.

    SQLite gives new files beside it the mode of the first.
    """
    if file.name.startswith(":"):
        return  # `:memory:` is no file.
    if not file.exists() and file.parent.is_dir():
        with suppress(OSError):
            file.touch(mode=FILE_MODE)
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        _narrow(file.with_name(name), FILE_MODE)


def correct(folder: Path) -> None:
    """Narrow what an earlier version or another way of starting left open."""
    for path in _below(folder):
        _narrow(path, FOLDER_MODE if path.is_dir() else FILE_MODE)


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_symlink() or path.name in ELSEWHERE or path.name.startswith(".collected"):
            continue
        yield path
        if path.is_dir():
            yield from path.rglob("*")


def _narrow(path: Path, mode: int) -> None:
    # A file that is gone meanwhile, or another user's: there is nothing that we could do.
    with suppress(OSError):
        present = path.stat().st_mode
        # A sticky folder is everybody's: whoever named it wants one below it.
        if stat.S_IMODE(present) & 0o077 and not present & stat.S_ISVTX:
            path.chmod(mode)
