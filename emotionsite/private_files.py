"""Restricts stored files to the user that the platform runs as."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
OWNER: Final = 0o700
"""Mask of the mode bits that are kept: those of the owner, so that programs stay executable."""

DATABASE: Final = "emotionsite.sqlite3"
BESIDE_DATABASE: Final = ("", "-wal", "-shm", "-journal")
FILES: Final = ("secret_key", *(DATABASE + ending for ending in BESIDE_DATABASE))
FOLDERS: Final = ("media", "cache")
"""Folders whose contents are already written with private modes."""
TREES: Final = ("broker", "models")
"""Folders that are restricted with everything in them."""


def make_folder(folder: Path) -> None:
    """Create a folder for the owner alone. An existing one is restricted."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    _narrow(folder)


def narrow_file(file: Path) -> None:
    """Restrict an existing file to its owner."""
    _narrow(file)


def make_database(file: Path) -> None:
    """Create the file of a database, or restrict it and SQLite's files beside it.

    SQLite creates these with the mode of the first.
    """
    if file.name.startswith(":"):
        return  # `:memory:` is no file.
    if not file.exists() and file.parent.is_dir():
        with suppress(OSError):
            file.touch(mode=FILE_MODE)
    for ending in BESIDE_DATABASE:
        _narrow(file.with_name(file.name + ending))


def correct(folder: Path) -> None:
    """Restrict files that an earlier version, or another way of starting, left readable.

    Only the platform's own files are changed: people may keep other files in this folder.
    """
    tops = [folder / name for name in (*FILES, *FOLDERS, *TREES)]
    below = [path for name in TREES for path in _below(folder / name)]
    for path in (*tops, *below):
        if not path.is_symlink():
            _narrow(path)


def _below(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder, without following links."""
    for parent, folders, files in os.walk(folder) if not folder.is_symlink() else ():
        yield from (Path(parent, name) for name in (*folders, *files))


def _narrow(path: Path) -> None:
    """Remove the permissions of group and others; those of the owner stay."""
    # A file that is gone, or belongs to another user, cannot be changed.
    with suppress(OSError):
        present = path.stat().st_mode
        # A sticky folder, such as /tmp, is shared on purpose and stays as it is.
        if present & 0o077 and not present & stat.S_ISVTX:
            path.chmod(present & OWNER)
