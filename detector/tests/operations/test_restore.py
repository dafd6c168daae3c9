"""A restore brings everything back, or nothing."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError

from detector.analyses import forgetting
from detector.common import audit, clock
from detector.enums import Status
from detector.live import sessions as live_sessions
from detector.models import AuditEntry, LiveSession, Photo, PhotoText, User, Video
from detector.operations import erased
from detector.operations.backup import models as backup_models
from detector.operations.backup import restore as backup_restore
from detector.photos import erasure
from detector.tests.factories import (
    LiveSessionFactory,
    PhotoFactory,
    VideoFactory,
    with_timeline,
)
from detector.tests.operations.full_system import content_of, run, stored
from detector.tests.operations.systems import everything, sqlite_system, without_restores
from detector.videos import erasure as video_erasure

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("encrypted", [False, True])
def test_everything_comes_back(
    full: Photo, folder: Path, tmp_path: Path, encrypted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    (tmp_path / "passphrase").write_text("correct horse\n")
    secret = ["--passphrase-file", tmp_path / "passphrase"] if encrypted else []
    before, files = everything(), stored()
    picture = content_of(str(full.image.name))
    run("backup", folder, *secret)
    with sqlite_system(tmp_path / "other"):
        run("restore", folder, *secret)
        after = everything()
        assert AuditEntry.objects.filter(action="backup.restored").count() == 1
        assert without_restores(after) == before
        assert stored() == files
        assert PhotoText.objects.get().text.startswith(full.filename)
        assert (tmp_path / "other/secret_key").read_text() == "the key of the first system"
        assert (tmp_path / "other/models/tuned/weights.onnx").read_bytes() == b"weights"
    files_of_backup = [file for file in folder.rglob("*") if file.is_file()]
    content = b"".join(file.read_bytes() for file in files_of_backup)
    assert (b"owner@example.com" in content) == (picture in content) == (not encrypted)
    assert all(not file.stat().st_mode & 0o077 for file in [folder, *files_of_backup])


def refused(folder: Path, target: Path, said: str, *arguments: Any) -> None:
    with sqlite_system(target):
        before = everything()
        with pytest.raises(CommandError, match=said):
            run("restore", folder, *arguments)
        assert everything() == before
        assert not list((target / "media").rglob("*.jpg"))
        assert not (target / "secret_key").exists()


def some_picture(folder: Path) -> Path:
    return next(folder.glob("files/storage/images/**/*.jpg"))


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def changed_manifest(folder: Path) -> None:
    file = folder / "manifest.json"
    file.write_text(file.read_text().replace('"rows": 1', '"rows": 2', 1))


def damaged_picture(folder: Path) -> None:
    file = some_picture(folder)
    file.write_bytes(file.read_bytes()[:-1] + b"?")


def damaged_rows(folder: Path) -> None:
    file = folder / "rows/detector.Photo.jsonl"
    file.write_text(file.read_text().replace("sea", "see") + "\n")


def lost_rows(folder: Path) -> None:
    (folder / "rows/detector.Face.jsonl").unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (no_manifest, "was not completed"),
        (changed_manifest, "cannot be trusted"),
        (damaged_picture, "images/.* is damaged"),
        (damaged_rows, "detector.Photo.jsonl is damaged"),
        (lost_rows, "detector.Face.jsonl is missing"),
        (lambda folder: some_picture(folder).unlink(), "images/.* is missing"),
    ],
)
def test_a_damaged_backup_is_refused(
    full: Photo, folder: Path, tmp_path: Path, damage: Callable[[Path], object], said: str
) -> None:
    run("backup", folder)
    damage(folder)
    refused(folder, tmp_path / "other", said)


def test_a_wrong_passphrase_is_refused(full: Photo, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "right").write_text("right")
    (tmp_path / "wrong").write_text("wrong")
    run("backup", folder, "--passphrase-file", tmp_path / "right")
    refused(folder, tmp_path / "a", "passphrase-file is needed")
    refused(folder, tmp_path / "b", "not that of", "--passphrase-file", tmp_path / "wrong")
    (folder / "encryption.json").unlink()
    refused(folder, tmp_path / "c", "not encrypted", "--passphrase-file", tmp_path / "right")
    refused(folder, tmp_path / "d", "cannot be trusted")


def test_another_version_is_refused(
    full: Photo, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = backup_models.applied_migrations
    with monkeypatch.context() as patch:
        patch.setattr(backup_models, "applied_migrations", lambda: real()[:-1])
        run("backup", folder)
    refused(folder, tmp_path / "other", f"here alone: {real()[-1]}")


def test_a_system_in_use_is_refused(full: Photo, folder: Path, tmp_path: Path) -> None:
    run("backup", folder)
    with pytest.raises(CommandError, match="database is not empty"):
        run("restore", folder)
    with sqlite_system(tmp_path / "other"):
        default_storage.save("images/aa/other.jpg", ContentFile(b"x"))
        with pytest.raises(CommandError, match="storage is not empty"):
            run("restore", folder)
        run("restore", folder, "--into-empty", "database")
        assert Photo.objects.count() == 1


def test_a_restore_that_fails_leaves_nothing(
    full: Photo, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup", folder)
    with sqlite_system(tmp_path / "other"):
        before = everything()
        monkeypatch.setattr(backup_restore, "_rebuild", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run("restore", folder)
        assert everything() == before
        left = [f for f in (tmp_path / "other").rglob("*") if f.is_file()]
        assert {f.name.partition("-")[0] for f in left} == {"system.sqlite3"}


@pytest.mark.parametrize("kind", ["photo", "account"])
def test_what_was_erased_since_does_not_come_back(
    full: Photo, owner: User, folder: Path, tmp_path: Path, kind: str, capsys: Any
) -> None:
    run("backup", folder)
    names = list(stored())
    capsys.readouterr()
    # One that came after this backup, and may be in a later one.
    later = PhotoFactory.create(owner=owner)
    if kind == "photo":
        erasure.delete_photo(full)
    else:
        erasure.delete_account(owner)
    erasure.delete_photo(later)
    later_line = f"photo {audit.tombstone(later.pk)}"
    run("erased_since", (clock.now() - timedelta(minutes=1)).isoformat())
    listed = capsys.readouterr().out
    if kind == "account":
        # It went with the account.
        listed += f"{later_line}\n"
    assert listed.startswith({"photo": "photo ", "account": "user "}[kind])
    assert str(full.pk) not in listed
    assert owner.username not in listed
    (tmp_path / "erased").write_text(listed)
    with sqlite_system(tmp_path / "other"):
        run("restore", folder, "--erased", tmp_path / "erased")
        assert not Photo.objects.exists()
        assert not any(default_storage.exists(name) for name in names)
        assert User.objects.filter(pk=owner.pk).exists() == (kind == "photo")
        # The next restore needs the tombstone again.
        left = list(erased.since(clock.now() - timedelta(hours=1)))
        assert later_line in left
        assert sorted(left) == sorted(listed.splitlines())


def test_nor_do_erased_videos_and_live_sessions(
    full: Photo, owner: User, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    videos = [with_timeline(VideoFactory.create(owner=owner)) for _ in range(4)]
    under_way = VideoFactory.create(owner=owner, status=Status.QUEUED, finished_at=None)
    sessions = [LiveSessionFactory.create(owner=owner) for _ in range(2)]
    run("backup", folder)
    capsys.readouterr()
    video_erasure.delete_video(videos[0])
    live_sessions.erase(sessions[0])
    # Nor do files of which the timelines were kept.
    video_erasure.delete_file(videos[2])
    video_erasure.delete_file(videos[3], stills=True)
    Video.objects.filter(pk=under_way.pk).update(status=Status.DONE, finished_at=clock.now())
    under_way.refresh_from_db()
    video_erasure.delete_file(under_way)
    # Nor does the picture of which only the result was wanted later.
    forgetting.keep_result_alone(full.pk)
    run("erased_since", (clock.now() - timedelta(minutes=1)).isoformat())
    (tmp_path / "erased").write_text(capsys.readouterr().out)
    with sqlite_system(tmp_path / "other"):
        run("restore", folder, "--erased", tmp_path / "erased")
        found = Video.objects.in_bulk()
        assert found.keys() == {video.pk for video in (*videos[1:], under_way)}
        assert [bool(found[video.pk].file) for video in videos[1:]] == [True, False, False]
        assert [bool(found[video.pk].stills.all()) for video in videos[1:]] == [True, True, False]
        assert found[under_way.pk].forget
        assert Photo.objects.get(pk=full.pk).forgotten_at is not None
        assert not default_storage.exists(str(full.image.name))
        assert list(LiveSession.objects.values_list("pk", flat=True)) == [sessions[1].pk]


def test_a_list_of_something_else_is_refused(full: Photo, folder: Path, tmp_path: Path) -> None:
    run("backup", folder)
    (tmp_path / "list").write_text("owner@example.com\n")
    refused(folder, tmp_path / "other", "is no list of", "--erased", tmp_path / "list")
