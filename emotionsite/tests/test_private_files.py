"""Stored files are private to the user that the platform runs as."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from emotionsite import private_files


@pytest.fixture(autouse=True)
def _careless() -> Iterator[None]:
    earlier = os.umask(0o000)
    yield
    os.umask(earlier)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_a_folder_is_made_private_and_an_open_one_narrowed(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    private_files.make_folder(folder)
    assert mode(folder) == 0o700
    folder.chmod(0o755)
    private_files.make_folder(folder)
    assert mode(folder) == 0o700


def test_a_folder_of_everybody_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    private_files.make_folder(tmp_path)
    assert mode(tmp_path) == 0o1777


def test_a_database_is_private_before_and_after_an_earlier_version(tmp_path: Path) -> None:
    file = tmp_path / "db.sqlite3"
    private_files.make_database(file)
    assert mode(file) == 0o600
    log = tmp_path / "db.sqlite3-wal"
    log.touch()
    file.chmod(0o644)
    private_files.make_database(file)
    assert mode(file) == mode(log) == 0o600


def test_a_database_in_memory_makes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    private_files.make_database(Path(":memory:"))
    assert not list(tmp_path.iterdir())


def test_what_an_earlier_version_left_open_is_corrected(tmp_path: Path) -> None:
    message = tmp_path / "broker" / "queue" / "1.analysis.msg"
    style = tmp_path / "static" / "site.css"
    key = tmp_path / "secret_key"
    for file in (message, style, key):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    private_files.correct(tmp_path)
    assert mode(message) == mode(key) == 0o600
    assert mode(message.parent) == mode(message.parent.parent) == 0o700
    assert mode(style) == 0o666, "what everyone may read is not ours to close"


def test_what_is_not_the_platforms_stays_as_it_is(tmp_path: Path) -> None:
    python = tmp_path / "checkout" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch(mode=0o755)
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "elsewhere").symlink_to(python)
    (tmp_path / "models").symlink_to(python.parent)
    private_files.correct(tmp_path)
    assert mode(python) == 0o755
    assert mode(python.parent) == 0o777


def test_what_its_owner_may_stays(tmp_path: Path) -> None:
    program = tmp_path / "models" / "run.sh"
    program.parent.mkdir()
    for before, after in ((0o755, 0o700), (0o444, 0o400), (0o644, 0o600)):
        program.touch()
        program.chmod(before)
        private_files.correct(tmp_path)
        assert mode(program) == after
