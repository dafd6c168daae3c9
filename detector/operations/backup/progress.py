"""Which files a backup needs, and which it has: in a file, so that memory stays small."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from detector.operations.backup.folder import Part

NAME: Final = ".progress.sqlite3"
TABLES: Final = """
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS needed (name TEXT PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS copied (name TEXT PRIMARY KEY, sha256 TEXT, bytes INTEGER);
"""


class Progress:
    """The files of one backup. A later attempt finds what an interrupted one had copied."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / NAME
        self.file.touch(mode=0o600)
        self.database = sqlite3.connect(self.file, isolation_level=None)
        self.database.executescript(TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    @contextmanager
    def listing(self) -> Iterator[None]:
        """Make a new list of needed files, in one transaction."""
        self.database.execute("BEGIN")
        self.database.execute("DELETE FROM needed")
        yield
        self.database.execute("COMMIT")

    def need(self, name: str) -> None:
        """Note that a row names this file."""
        self.database.execute("INSERT OR IGNORE INTO needed VALUES (?)", [name])

    def needed(self) -> Iterator[str]:
        """Yield the files, those of the newest rows first: they may soon be replaced."""
        newest = self.database.execute("SELECT max(rowid) FROM needed").fetchone()[0] or 0
        query = "SELECT rowid, name FROM needed WHERE rowid <= ? ORDER BY rowid DESC LIMIT 500"
        while page := self.database.execute(query, [newest]).fetchall():
            yield from (name for _, name in page)
            newest = page[-1][0] - 1

    def unneeded(self) -> list[str]:
        """Return copied files that no row names any more."""
        query = "SELECT name FROM copied EXCEPT SELECT name FROM needed"
        return [name for (name,) in self.database.execute(query)]

    def add(self, name: str, part: Part) -> None:
        """Note that a file was copied."""
        self.database.execute(
            "INSERT OR REPLACE INTO copied VALUES (?, ?, ?)", [name, part.sha256, part.bytes]
        )

    def forget(self, name: str) -> None:
        """Note that a file is not in the backup any more."""
        self.database.execute("DELETE FROM copied WHERE name = ?", [name])

    def copied(self, name: str) -> Part | None:
        """Return what was copied under this name."""
        query = "SELECT sha256, bytes FROM copied WHERE name = ?"
        row = self.database.execute(query, [name]).fetchone()
        return Part(*row) if row else None

    def all_copied(self) -> Iterator[tuple[str, Part]]:
        """Yield all copied files by name."""
        for name, *row in self.database.execute("SELECT * FROM copied ORDER BY name"):
            yield name, Part(*row)
