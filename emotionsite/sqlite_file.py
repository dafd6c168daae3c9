"""Checks the file of the embedded database for damage."""

import sqlite3
import time
from pathlib import Path
from typing import Final

CHECK_SECONDS: Final = 10.0
"""Time limit of the check: about a gigabyte. The rest of a larger file is not checked."""
STEPS: Final = 10_000
"""Steps of SQLite's virtual machine between looks at the clock."""

ADVICE: Final = (
    "Nothing was started, so that nothing makes it worse. Keep a copy of this file and of those "
    "beside it (-wal, -shm), then put your last backup in its place, or rescue what can be read: "
    'sqlite3 {file} ".recover" | sqlite3 rescued.sqlite3'
)


def damage(file: Path) -> str | None:
    """Return a message that tells what is wrong and what to do; None where nothing was found."""
    if not file.exists() or not file.stat().st_size:
        return None
    fault = _first_fault(file)
    if fault is None:
        return None
    return f"the database {file} is damaged ({fault}). {ADVICE.format(file=file)}"


def _first_fault(file: Path) -> str | None:
    """Return the first fault that SQLite's `quick_check` finds; None where it finds none."""
    connection = sqlite3.connect(file, timeout=CHECK_SECONDS, isolation_level=None)
    end = time.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        # Locked by a long writer, not readable, or out of time: none of these means damage.
        passing = ("locked", "busy", "interrupted", "unable to open")
        return None if any(word in str(error) for word in passing) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        connection.close()
    return None if said == "ok" else said.splitlines()[-1]
