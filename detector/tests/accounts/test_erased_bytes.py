"""Look for the bytes of erased rows in the files of an SQLite database."""

import sqlite3
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.utils import load_backend

from detector.accounts.erasure import Erased
from detector.accounts.identity import Identity
from detector.common import erased_pages
from emotionsite import caretaker

WORD = b"A secret of somebody who left"


@pytest.fixture
def file(tmp_path: Path, django_db_blocker: Any) -> Iterator[Path]:
    """Connect to a new SQLite database, with the options of the platform's."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        pytest.skip("The options are those of SQLite.")
    usual, file = connections["default"], tmp_path / "db.sqlite3"
    address = deepcopy(usual.settings_dict) | {"NAME": str(file)}
    connections["default"] = load_backend(address["ENGINE"]).DatabaseWrapper(address, "default")
    try:
        with django_db_blocker.unblock():
            yield file
    finally:
        connections["default"].close()
        connections["default"] = usual


def erase_a_row() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("CREATE TABLE t (id integer PRIMARY KEY, text text)")
        for number in range(50):
            cursor.execute("INSERT INTO t VALUES (%s, %s)", [number, WORD.decode()])
        cursor.execute("DELETE FROM t")


def found(file: Path) -> int:
    return sum(path.read_bytes().count(WORD) for path in file.parent.glob(f"{file.name}*"))


def test_a_build_of_sqlite_that_keeps_what_is_deleted_overwrites_it(tmp_path: Path) -> None:
    options = settings.DATABASES["default"]["OPTIONS"]
    if "init_command" not in options:
        pytest.skip("The options are those of SQLite.")
    file = tmp_path / "db.sqlite3"
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA secure_delete=OFF")
    connection.executescript(options["init_command"])
    connection.execute("CREATE TABLE t (text text)")
    connection.execute("INSERT INTO t VALUES (?)", [WORD.decode()])
    connection.execute("DELETE FROM t")
    # The last to close it empties the log.
    connection.close()
    assert not found(file)


@pytest.mark.parametrize("way", ["erasure of an account", "hourly"])
def test_nothing_is_left_in_the_files(
    file: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase_a_row()
    assert found(file)
    if way == "hourly":
        next(job for job in caretaker.tidying() if "log of SQLite" in job.name).action()
    else:
        monkeypatch.setattr(Erased, "_delete_sessions", lambda self: None)
        Erased(Identity(None, "", *[frozenset()] * 4), {})._end_sessions()  # type: ignore[arg-type]
    assert not found(file)


def test_a_reader_is_waited_for_a_moment_only(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erase_a_row()
    monkeypatch.setattr(erased_pages, "PATIENCE", 50)
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM sqlite_master").fetchall()
    assert not erased_pages.empty_log()
    reader.close()
    assert erased_pages.empty_log()
    with connections["default"].cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)
