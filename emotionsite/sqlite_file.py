"""Whether the file of the embedded database is whole."""

import sqlite3
import time
from pathlib import Path
from typing import Final

CHECK_SECONDS: Final = 10.0
"""A larger file is looked at for so long, about a gigabyte, and counts as whole if that part is."""
STEPS: Final = 10_000

ADVICE: Final = (
    "Nothing was started, so that nothing makes it worse. Keep a copy of this file and of those "
    "beside it (-wal, -shm), then put your last backup in its place, or rescue what can be read: "
    'sqlite3 {file} ".recover" | sqlite3 rescued.sqlite3'
)


def damage(file: Path) -> str | None:
    """What is wrong with a database and what to do, for people; None where nothing was found."""
    if not file.exists() or not file.stat().st_size:
        return None
    found = _first_fault(file)
    if found is None:
        return None
    return f"the database {file} is damaged ({found}). {ADVICE.format(file=file)}"


def _first_fault(file: Path) -> str | None:
    connection = sqlite3.connect(file, timeout=CHECK_SECONDS, isolation_level=None)
    end = time.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        # Locked by a long writer, not ours to read, or the time is over: none says it is damaged.
        passing = ("locked", "busy", "interrupted", "unable to open")
        return None if any(word in str(error) for word in passing) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        connection.close()
    return None if said == "ok" else said.splitlines()[-1]
