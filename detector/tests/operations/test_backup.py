"""A backup has every row of one moment, and every file that they name."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.storage import default_storage
from django.core.management import CommandError
from django.db import connection

from detector.models import Photo, User
from detector.operations.backup import models as backup_models
from detector.operations.backup import writing
from detector.operations.backup.errors import BackupError
from detector.operations.backup.folder import Folder
from detector.tests.operations.full_system import run, stored
from detector.tests.operations.systems import sqlite_system

pytestmark = pytest.mark.django_db


def test_each_model_is_backed_up_or_named_as_made_again() -> None:
    kept = {model._meta.label for model in backup_models.backed_up()}
    known = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert kept | set(backup_models.LEFT_OUT) == known
    assert not kept & set(backup_models.LEFT_OUT)


def test_each_model_comes_after_those_that_it_refers_to() -> None:
    ordered = backup_models.backed_up()
    for place, model in enumerate(ordered):
        for field in model._meta.concrete_fields:
            if field.related_model in ordered and field.related_model is not model:
                assert ordered.index(field.related_model) < place


def test_an_interrupted_backup_goes_on(
    full: Photo, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = writing._pieces
    # A fine-tune works meanwhile: its files come and go, and are no version.
    works = settings.MODELS_FOLDER / ".tuned-2.x1y2"
    (works / "run").mkdir(parents=True)
    (works / "run" / "best.keras").write_bytes(b"half of it")

    limit = 2

    def pieces(name: str) -> Any:
        if len(read) == limit:
            raise KeyboardInterrupt
        read.append(name)
        return real(name)

    monkeypatch.setattr(writing, "_pieces", pieces)
    with pytest.raises(KeyboardInterrupt):
        run("backup", folder)
    assert not (folder / "manifest.json").exists()
    limit = 1000
    (folder / read[0]).write_bytes(b"damaged meanwhile")
    # Killed before a file was whole, and before one was listed. Their photos were erased since.
    strays = [folder / "files/storage/images" / name for name in (".a.jpg.part", "b.jpg")]
    for stray in strays:
        stray.parent.mkdir(parents=True, exist_ok=True)
        stray.write_bytes(b"of an erased photo")
    run("backup", folder)
    assert not any(stray.exists() for stray in strays)
    assert read.count(read[0]) == 2
    assert read.count(read[1]) == 1
    assert {name for name in read if "models/" in name} == {"files/models/tuned/weights.onnx"}
    with pytest.raises(CommandError, match="complete backup already"):
        run("backup", folder)


def test_a_photo_that_is_analysed_meanwhile_has_its_files(
    owner: User, picture: Any, work_off: Any, folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    """Its upload is deleted between the snapshot and the copy."""
    from detector.analyses import submission
    from detector.enums import Source

    with django_capture_on_commit_callbacks(execute=True):
        submission.submit(owner, [picture()], Source.WEB)
    upload = str(Photo.objects.get().upload.name)
    real = writing._copy_files
    taken: list[int] = []

    def copy(*arguments: Any) -> Any:
        if not taken:
            with django_capture_on_commit_callbacks(execute=True):
                work_off()
            assert not default_storage.exists(upload)
        taken.append(1)
        return real(*arguments)

    monkeypatch.setattr(writing, "_copy_files", copy)
    run("backup", folder)
    assert len(taken) == 2
    files = stored()
    with sqlite_system(tmp_path / "other"):
        run("restore", folder)
        assert stored() == files
        assert len(files) == 2


def test_a_lost_file_is_reported(full: Photo, folder: Path, capsys: Any) -> None:
    default_storage.delete(str(full.image.name))
    run("backup", folder)
    assert f"lost it: files/storage/{full.image.name}" in capsys.readouterr().err
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["lost"] == [f"files/storage/{full.image.name}"]


def test_a_damaged_file_keeps_no_other_out_of_the_backup(full: Photo, folder: Path) -> None:
    # What reading it raises is what a bad sector does.
    Path(full.image.path).unlink()
    Path(full.image.path).mkdir()
    with pytest.raises(CommandError, match="1 of these are there and damaged"):
        run("backup", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["lost"] == [f"files/storage/{full.image.name}"]
    assert (folder / f"files/storage/{full.thumbnail.name}").is_file()
    assert not list(folder.rglob("*.part"))


@pytest.mark.parametrize("name", ["", "/x", "../x", "a/../../x", "files/models//etc/x", "a/./x"])
def test_no_name_leads_out_of_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(BackupError, match="is not the name"):
        Folder(tmp_path).place_of(name)


def test_the_snapshot_does_not_hold_writers_up(tmp_path: Path) -> None:
    with sqlite_system(tmp_path / "other"):
        import sqlite3

        with writing.snapshot():
            assert not User.objects.exists()
            with sqlite3.connect(tmp_path / "other/system.sqlite3", timeout=0) as other:
                other.execute("INSERT INTO auth_group (name) VALUES ('new')")
            other.close()
            names = Group.objects.values_list("name", flat=True)
            assert "new" not in names
        assert "new" in names.all()
        assert connection.get_autocommit()
