"""A damaged database is reported before anything starts, and none is left in two files."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from emotionsite import sqlite_file, supervisor


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "db.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE t (x TEXT)")
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 200)
    connection.close()
    return file


def spoil_a_page(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(3 * 4096)
        opened.write(os.urandom(4096))


def spoil_the_header(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"not a database at all")


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def test_a_whole_one_is_whole(file: Path) -> None:
    assert sqlite_file.damage(file) is None


def test_none_and_an_empty_one_are_whole(tmp_path: Path) -> None:
    assert sqlite_file.damage(tmp_path / "none") is None
    (tmp_path / "empty").touch()
    assert sqlite_file.damage(tmp_path / "empty") is None


@pytest.mark.parametrize("spoil", [spoil_a_page, spoil_the_header, cut_short])
def test_damage_is_found_and_what_to_do_is_said(file: Path, spoil: object) -> None:
    assert callable(spoil)
    spoil(file)
    said = str(sqlite_file.damage(file))
    assert str(file) in said
    assert "backup" in said
    assert ".recover" in said


def test_one_that_is_in_use_is_not_damaged(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "CHECK_SECONDS", 0.1)
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    assert sqlite_file.damage(file) is None
    writer.close()


def test_after_a_stop_the_file_alone_holds_everything(tmp_path: Path) -> None:
    write = (
        "import os; from django.db import connection;"
        "connection.cursor().execute('CREATE TABLE t AS SELECT 9 AS x'); os._exit(0)"
    )
    stop = (
        "from emotionsite import supervisor; supervisor.programs.trouble = lambda _: None;"
        "supervisor.Supervisor.run = lambda _: 0; raise SystemExit(supervisor.main(()))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "emotionsite.settings"}
    log = tmp_path / "emotionsite.sqlite3-wal"
    for program, is_left in ((write, True), (stop, False)):
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)
        assert log.exists() == is_left
    copy = shutil.copyfile(tmp_path / "emotionsite.sqlite3", tmp_path / "copy.sqlite3")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT x FROM t").fetchone() == (9,)


def test_a_large_one_is_looked_at_for_a_bounded_time(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "CHECK_SECONDS", 0)
    monkeypatch.setattr(sqlite_file, "STEPS", 1)
    spoil_a_page(file)
    assert sqlite_file.damage(file) is None


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["manage.py", "check", "--database", "default", "--tag", "database"],
        ["manage.py", "migrate"],
        ["-m", "emotionsite.supervisor", "worker"],
    ],
)
def test_nothing_starts_on_a_damaged_database(file: Path, command: list[str]) -> None:
    spoil_a_page(file)
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "VAR_DIR": str(file.parent), "DATABASE_URL": f"sqlite:///{file}"},
        cwd=Path(supervisor.__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "is damaged" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
