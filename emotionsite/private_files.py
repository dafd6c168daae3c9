"""Keeps what the platform stores to the user that it runs as."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
OWNER: Final = 0o700
"""What of a mode is kept: a program stays one."""

DATABASE: Final = "emotionsite.sqlite3"
BESIDE_DATABASE: Final = ("", "-wal", "-shm", "-journal")
FILES: Final = ("secret_key", *(DATABASE + ending for ending in BESIDE_DATABASE))
FOLDERS: Final = ("media", "cache")
"""What is in them is written with modes of its own."""
TREES: Final = ("broker", "models")


def make_folder(folder: Path) -> None:
    """Make a folder that nobody else may enter; narrow one that is there."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    _narrow(folder)


def narrow_file(file: Path) -> None:
    """Keep a file that is there to ourselves."""
    _narrow(file)


def make_database(file: Path) -> None:
    """Make the file of a database, or narrow it and those that SQLite keeps beside it.

    SQLite gives new files beside it the mode of the first.
    """
    if file.name.startswith(":"):
        return  # `:memory:` is no file.
    if not file.exists() and file.parent.is_dir():
        with suppress(OSError):
            file.touch(mode=FILE_MODE)
    for ending in BESIDE_DATABASE:
        _narrow(file.with_name(file.name + ending))


def correct(folder: Path) -> None:
    """Narrow what an earlier version or another way of starting left open.

    Nothing but what the platform itself puts there: people may keep other things beside it.
    """
    tops = [folder / name for name in (*FILES, *FOLDERS, *TREES)]
    below = [path for name in TREES for path in _below(folder / name)]
    for path in (*tops, *below):
        if not path.is_symlink():
            _narrow(path)


def _below(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder, without following links out of it."""
    for parent, folders, files in os.walk(folder) if not folder.is_symlink() else ():
        yield from (Path(parent, name) for name in (*folders, *files))


def _narrow(path: Path) -> None:
    """Take from others what they may do; what its owner may stays."""
    # A file that is gone meanwhile, or another user's: there is nothing that we could do.
    with suppress(OSError):
        present = path.stat().st_mode
        # A sticky folder is everybody's: whoever named it wants one below it.
        if present & 0o077 and not present & stat.S_ISVTX:
            path.chmod(present & OWNER)
