"""Restore a backup into an empty system, of either kind of database and storage.

Everything is verified before anything is written. Files come first; rows follow in one transaction,
which also counts the statistics, compares the rows with the manifest and erases what was erased
since. If anything fails, the rows are rolled back and the new files are removed.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connection, transaction

from detector.common import audit
from detector.insights import rollups
from detector.models import Photo, PhotoText, User
from detector.operations import erased
from detector.operations.backup import (
    folder as backup_folder,
)
from detector.operations.backup import (
    models as backup_models,
)
from detector.operations.backup import (
    rows as backup_rows,
)
from detector.operations.backup import (
    stored as backup_stored,
)
from detector.operations.backup.errors import BackupError
from detector.operations.backup.folder import FILES, Folder, Part
from detector.operations.backup.totals import totals
from detector.operations.backup.writing import MODELS, SECRET_KEY, STORAGE

NOT_THERE: Final = "(none)"


@dataclass
class Restored:
    """What was restored; `remarks` are sentences about what an operator should know."""

    rows: int = 0
    files: int = 0
    erased: int = 0
    remarks: list[str] = field(default_factory=list)


def restore(
    path: Path,
    passphrase: str | None = None,
    *,
    erased_since: set[str] | None = None,
    database_only_empty: bool = False,
) -> Restored:
    """Restore a backup. Raises BackupError, with nothing written, where that cannot be done.

    `database_only_empty` allows a storage that has files already, such as those of the backup.
    """
    folder = backup_folder.opened(path, passphrase)
    manifest = folder.manifest()
    _check_migrations(manifest["migrations"])
    _check_empty(storage_too=not database_only_empty)
    _verify(folder, manifest)
    done = Restored()
    with backup_stored.Written() as written:
        done.files = _restore_files(folder, written)
        with transaction.atomic():
            _restore_rows(folder, manifest, done)
            _rebuild(manifest, done)
            done.erased = erased.erase_again(erased_since or set())
            audit.record(None, "backup.restored", None, made_at=manifest["made_at"])
    _restore_key(folder, done)
    done.remarks += [f"The backup lacked this file already: {name}" for name in manifest["lost"]]
    return done


def _check_migrations(of_backup: list[str]) -> None:
    here = set(backup_models.applied_migrations())
    only_here, only_there = sorted(here - set(of_backup)), sorted(set(of_backup) - here)
    if only_here or only_there:
        raise BackupError(
            "The backup is of another version. Restore it with that version, then migrate. "
            f"Migrations here alone: {', '.join(only_here) or NOT_THERE}; "
            f"in the backup alone: {', '.join(only_there) or NOT_THERE}."
        )


def _check_empty(*, storage_too: bool) -> None:
    kept = backup_models.made_by_migrations()
    for model in backup_models.backed_up():
        if model not in kept and model._base_manager.exists():
            raise BackupError(f"The database is not empty: {model._meta.label} has rows.")
    if storage_too and (name := backup_stored.any_file()):
        raise BackupError(
            f"The storage is not empty: it has {name}. With --into-empty database, files of the "
            "same content are kept."
        )


def _verify(folder: Folder, manifest: dict[str, Any]) -> None:
    """Raise BackupError unless each part is there and undamaged."""
    models = {model._meta.label: model for model in backup_models.backed_up()}
    if models.keys() != manifest["rows"].keys():
        different = min(models.keys() ^ manifest["rows"].keys())
        raise BackupError(f"The backup has other tables than this version: {different}.")
    for label, part in manifest["rows"].items():
        names = [of_model.attname for of_model in backup_models.fields_of(models[label])]
        if names != part["fields"]:
            raise BackupError(f"The backup has other columns of {label} than this version.")
        folder.verify(f"rows/{label}.jsonl", Part(part["sha256"], part["bytes"]))
    files = manifest["files"]
    folder.verify(FILES, Part(files["sha256"], files["bytes"]))
    for name, *part in folder.lines(FILES):
        folder.verify(name, Part(*part))


def _restore_files(folder: Folder, written: backup_stored.Written) -> int:
    restored = 0
    for name, *_ in folder.lines(FILES):
        if name.startswith(STORAGE):
            written.store(name.removeprefix(STORAGE), folder, name)
        elif name.startswith(MODELS):
            written.place(settings.MODELS_FOLDER / name.removeprefix(MODELS), folder, name)
        restored += 1
    return restored


def _restore_rows(folder: Folder, manifest: dict[str, Any], done: Restored) -> None:
    ContentType.objects.clear_cache()
    for model in backup_models.made_by_migrations():
        model._base_manager.all().delete()
    models = backup_models.backed_up()
    for model in models:
        label = model._meta.label
        rows = backup_rows.write(model, folder.lines(f"rows/{label}.jsonl"))
        expected = manifest["rows"][label]["rows"]
        if rows != expected or model._base_manager.count() != expected:
            raise BackupError(f"{label} has {rows} rows, but the manifest says {expected}.")
        done.rows += rows
    _reset_sequences(models)


def _reset_sequences(models: Iterable[backup_models.Model]) -> None:
    """Let PostgreSQL count on after the highest keys. SQLite does so by itself."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)


def _rebuild(manifest: dict[str, Any], done: Restored) -> None:
    """Count the statistics, and compare them and the search texts with what is expected."""
    for user in User.objects.order_by("pk").iterator(chunk_size=100):
        rollups.rebuild(user)
    if PhotoText.objects.count() != Photo.objects.count():
        raise BackupError("The triggers that write the words of photos are missing: migrate.")
    counted = totals()
    done.remarks += [
        f"{label}: {before} rows and sum before, {counted[label]} after a recount. The recount "
        "stands."
        for label, before in manifest["statistics"].items()
        if before != counted[label]
    ]


def _restore_key(folder: Folder, done: Restored) -> None:
    """Put the installation's own key back, unless the environment has one."""
    if SECRET_KEY not in {name for name, *_ in folder.lines(FILES)}:
        return
    if "SECRET_KEY" in os.environ:
        done.remarks.append("SECRET_KEY is set here, so the key of the backup was not used.")
        return
    Folder(settings.VAR_DIR).write("secret_key", folder.read(SECRET_KEY))
