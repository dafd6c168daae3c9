"""Make a backup: rows of one moment, and every file that they name.

The rows come from one snapshot of the database. A file may vanish between the snapshot and its
copy: its photo was analysed or erased meanwhile. Then there is a new snapshot, until one has all
its files. What was copied is not copied again, so this soon ends.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction

from detector.common import clock, storage
from detector.operations.backup import folder as backup_folder
from detector.operations.backup import models as backup_models
from detector.operations.backup import rows as backup_rows
from detector.operations.backup.errors import BackupError
from detector.operations.backup.folder import FILES, FORMAT, PIECE, Folder
from detector.operations.backup.progress import Progress
from detector.operations.backup.totals import totals

logger = logging.getLogger(__name__)
SNAPSHOTS: Final = 10
STORAGE: Final = "files/storage/"
MODELS: Final = "files/models/"
SECRET_KEY: Final = "keys/secret_key"  # noqa: S105  a file's name


@dataclass(frozen=True)
class Made:
    """Counts the rows and files of a backup, and names the files that it lacks.

    `lost` are files that rows name and that cannot be had. `unreadable` are those of them that are
    there and damaged.
    """

    rows: int
    files: int
    lost: list[str]
    unreadable: list[str]


class _UnreadableError(Exception):
    """A file that is there and cannot be read."""


def make(path: Path, passphrase: str | None = None) -> Made:
    """Write a backup into a folder, or complete an interrupted one.

    Raises BackupError where the folder is not fit, or too much changes meanwhile.
    """
    folder = backup_folder.begun(path, passphrase)
    with Progress(path) as progress:
        for _ in range(SNAPSHOTS):
            rows, (gone, unreadable) = _rows(folder, progress), _copy_files(folder, progress)
            lost = [name for name in gone if _is_named(name)]
            if gone == lost:
                break
            logger.info("%s files vanished during the backup: a new snapshot.", len(gone))
        else:
            raise BackupError(
                "Photos vanish faster than they can be copied. Try again: nothing that was copied "
                "will be copied again."
            )
        for name in progress.unneeded():
            folder.place_of(name).unlink(missing_ok=True)
            progress.forget(name)
        _remove_strays(folder, progress)
        manifest = rows | {"lost": lost, "files": _list_files(folder, progress)}
        files = manifest["files"]["files"]
    folder.complete(manifest)
    progress.file.unlink()
    return Made(sum(part["rows"] for part in rows["rows"].values()), files, lost, unreadable)


def _rows(folder: Folder, progress: Progress) -> dict[str, Any]:
    """Write all rows of one moment, and note their files. Return this part of the manifest."""
    parts: dict[str, Any] = {}
    with snapshot(), progress.listing():
        manifest = {
            "format": FORMAT,
            "made_at": clock.now().isoformat(),
            "database": connection.vendor,
            "encrypted": folder.seal is not None,
            "migrations": backup_models.applied_migrations(),
            "statistics": totals(),
        }
        for model in backup_models.backed_up():
            counted = _Counted(backup_rows.read(model), progress, _places_of_files(model))
            name = f"rows/{model._meta.label}.jsonl"
            part = folder.write(name, map(backup_rows.as_line, counted))
            names = [field.attname for field in backup_models.fields_of(model)]
            parts[model._meta.label] = asdict(part) | {"rows": counted.rows, "fields": names}
        for file in _model_files():
            progress.need(MODELS + file.relative_to(settings.MODELS_FOLDER).as_posix())
    return manifest | {"rows": parts}


class _Counted:
    """Passes rows on, counts them and notes the files that they name."""

    def __init__(
        self, rows: Iterable[backup_rows.Row], progress: Progress, places: list[int]
    ) -> None:
        self.all, self.progress, self.places, self.rows = rows, progress, places, 0

    def __iter__(self) -> Iterator[backup_rows.Row]:
        for row in self.all:
            self.rows += 1
            for place in self.places:
                if row[place]:
                    self.progress.need(STORAGE + row[place])
            yield row


def _places_of_files(model: backup_models.Model) -> list[int]:
    of_files = backup_models.file_fields(model)
    return [i for i, field in enumerate(backup_models.fields_of(model)) if field in of_files]


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all reads of the block see the database as it is now, without holding writers up."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # Not `atomic`, which takes the lock of writers at once (`transaction_mode`).
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                cursor.execute("SELECT 1 FROM django_migrations LIMIT 1").fetchall()
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield


def _copy_files(folder: Folder, progress: Progress) -> tuple[list[str], list[str]]:
    """Copy the files that are not in the folder yet.

    Return those that cannot be had, and those of them that are there and cannot be read.
    """
    gone, unreadable = [], []
    for name in progress.needed():
        known = progress.copied(name)
        if known and folder.place_of(name).exists() and folder.part(name) == known:
            continue
        try:
            progress.add(name, folder.write(name, _pieces(name)))
        except FileNotFoundError:
            gone.append(name)
        except _UnreadableError as error:
            logger.warning("A file cannot be read: %s: %s", name, error.__cause__)
            gone.append(name)
            unreadable.append(name)
    return gone, unreadable


def _remove_strays(folder: Folder, progress: Progress) -> None:
    """Remove files of an interrupted attempt that nothing lists: whole ones, and parts of files.

    What they are copies of may be erased by now.
    """
    for file in (folder.path / "files").rglob("*"):
        name = file.relative_to(folder.path).as_posix()
        if not file.is_dir() and progress.copied(name) is None:
            file.unlink()


def _pieces(name: str) -> Iterator[bytes]:
    if name.startswith(MODELS):
        yield from _read((settings.MODELS_FOLDER / name.removeprefix(MODELS)).open("rb"))
        return
    try:
        yield from _read(default_storage.open(name.removeprefix(STORAGE), "rb"))
    except OSError as error:
        # One damaged file must not keep all others from being saved. An outage must.
        if not storage.is_single_file_error(error):
            raise
        raise _UnreadableError from error


def _read(file: Any) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _is_named(name: str) -> bool:
    """Return whether a row names this file even now."""
    if not name.startswith(STORAGE):
        return False
    stored = name.removeprefix(STORAGE)
    return any(
        model._base_manager.filter(**{field.name: stored}).exists()
        for model in backup_models.backed_up()
        for field in backup_models.file_fields(model)
    )


def _model_files() -> list[Path]:
    """Return the files of versions. Hidden folders are those in which training works."""
    folder: Path = settings.MODELS_FOLDER
    found = [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    return sorted(
        file
        for file in found
        if not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def _list_files(folder: Folder, progress: Progress) -> dict[str, Any]:
    """Write the list of files, and the key. Return this part of the manifest."""
    key = settings.VAR_DIR / "secret_key"
    if key.exists():
        progress.add(SECRET_KEY, folder.write(SECRET_KEY, [key.read_bytes()]))
    counted = 0

    def lines() -> Iterator[bytes]:
        nonlocal counted
        for name, part in progress.all_copied():
            counted += 1
            yield backup_rows.as_line([name, part.sha256, part.bytes])

    return asdict(folder.write(FILES, lines())) | {"files": counted}
