"""Files that are encrypted at rest: any part can be read, and nothing can be changed unseen."""

import base64
import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from detector.analyses import explanations, heat_maps, submission
from detector.common.encrypted_storage import EncryptedStorage
from detector.common.sealed_files import CHUNK, HEADER, TAG
from detector.enums import Source
from detector.models import Explanation, Photo, User, Video
from detector.photos import orphans
from detector.tests.outages import MakePicture, files, named
from detector.tests.videos.films import film
from detector.videos import submission as video_submission
from emotionsite import environment
from ml.videos import process, reading

KEY, OLD, NEW = bytes(range(32)), bytes(32), bytes(range(32, 64))
NAME = "images/ab/one.jpg"


def storage(folder: Path, *keys: bytes, **options: Any) -> EncryptedStorage:
    inner = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": folder},
    }
    return EncryptedStorage(inner, keys or [KEY], **options)


def read(sealed: EncryptedStorage) -> bytes:
    with sealed.open(NAME) as file:
        return bytes(file.read())


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_what_is_stored_comes_back_from_any_place(tmp_path: Path, size: int) -> None:
    content = random.Random(size).randbytes(size)  # noqa: S311  the same each time
    sealed = storage(tmp_path)
    assert sealed.save(NAME, ContentFile(content)) == NAME
    raw = (tmp_path / NAME).read_bytes()
    assert size < 8 or content[:8] not in raw
    assert sealed.size(NAME) == size
    with sealed.open(NAME) as file:
        assert (file.read(), file.size) == (content, size)
        for start in (0, 1, size // 2, max(size - 3, 0), size, size + 9):
            file.seek(start)
            assert file.read(70_000) == content[start : start + 70_000]
        file.seek(0, io.SEEK_END)
        assert file.tell() == size
        file.seek(0)
        assert b"".join(file.chunks(50_000)) == content
    assert sealed.is_current(NAME)
    sealed.delete(NAME)
    assert not sealed.exists(NAME)
    with pytest.raises(FileNotFoundError):
        sealed.open(NAME)


def other_bit(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


CHANGES = {
    "a bit": other_bit,
    "cut within a chunk": lambda raw: raw[:-1],
    "cut after a chunk": lambda raw: raw[: HEADER + CHUNK + TAG],
    "cut after the header": lambda raw: raw[:HEADER],
    "more at the end": lambda raw: raw + bytes(CHUNK + TAG),
    "chunks swapped": lambda raw: (
        raw[:HEADER] + raw[HEADER + CHUNK + TAG : HEADER + 2 * (CHUNK + TAG)]
        + raw[HEADER : HEADER + CHUNK + TAG] + raw[HEADER + 2 * (CHUNK + TAG) :]
    ),
    "another salt": lambda raw: raw[: HEADER - 1] + bytes([raw[HEADER - 1] ^ 1]) + raw[HEADER:],
}  # fmt: skip


@pytest.mark.parametrize("change", list(CHANGES))
def test_what_was_changed_is_not_read(tmp_path: Path, change: str) -> None:
    sealed = storage(tmp_path)
    sealed.save(NAME, ContentFile(bytes(2 * CHUNK + 50)))
    path = tmp_path / NAME
    path.write_bytes(CHANGES[change](path.read_bytes()))
    with pytest.raises(OSError, match="was changed"), sealed.open(NAME) as file:
        file.read()


def test_a_file_in_the_place_of_another_is_not_read(tmp_path: Path) -> None:
    sealed = storage(tmp_path)
    sealed.save(NAME, ContentFile(b"mine"))
    sealed.save("images/ab/two.jpg", ContentFile(b"theirs"))
    (tmp_path / "images/ab/two.jpg").rename(tmp_path / NAME)
    with pytest.raises(OSError, match="was changed"), sealed.open(NAME) as file:
        file.read()


def test_all_keys_open_and_the_first_one_seals(tmp_path: Path) -> None:
    storage(tmp_path, OLD).save(NAME, ContentFile(b"old"))
    both = storage(tmp_path, KEY, OLD)
    assert read(both) == b"old"
    assert not both.is_current(NAME)
    with pytest.raises(OSError, match="no key"):
        storage(tmp_path, KEY).open(NAME)


def test_files_from_before_are_read_unless_that_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images/ab").mkdir(parents=True)
    (tmp_path / NAME).write_bytes(b"plain")
    sealed = storage(tmp_path)
    assert (read(sealed), sealed.size(NAME)) == (b"plain", 5)
    assert not sealed.is_current(NAME)
    with pytest.raises(OSError, match="not encrypted"):
        storage(tmp_path, plain=False).open(NAME)


@pytest.mark.parametrize("wrong", ["short", base64.b64encode(b"short").decode(), "§"])
def test_keys_are_read_strictly(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    good = [base64.b64encode(key).decode() for key in (KEY, OLD)]
    monkeypatch.setenv("STORAGE_KEYS", ",".join(good))
    assert environment.storage_keys("STORAGE_KEYS") == [KEY, OLD]
    monkeypatch.setenv("STORAGE_KEYS", f"{good[0]},{wrong}")
    with pytest.raises(ImproperlyConfigured, match="STORAGE_KEYS"):
        environment.storage_keys("STORAGE_KEYS")


def encrypt(settings: Settings, *keys: bytes, plain: bool = True) -> None:
    inner = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    sealed = {
        "BACKEND": "detector.common.encrypted_storage.EncryptedStorage",
        "OPTIONS": {"inner": inner, "keys": list(keys), "plain": plain},
    }
    settings.STORAGES = {**settings.STORAGES, "default": sealed}


def is_sealed(name: str) -> bool:
    with default_storage.inner.open(name) as file:  # type: ignore[attr-defined]
        return bytes(file.read(4)) == b"ESF1"


@pytest.mark.django_db
def test_the_platform_works_on_encrypted_files(
    owner: User, web: Client, api: APIClient, picture: MakePicture, work_off: Any,
    settings: Settings, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(process, "inspect", reading.inspect)
    with pytest.raises(CommandError, match="STORAGE_KEYS"):
        call_command("encrypt_storage")

    def upload(file: SimpleUploadedFile) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            submission.submit(owner, [file], Source.WEB)
        with django_capture_on_commit_callbacks(execute=True):
            work_off()

    # One photo from before, one after, and a video.
    upload(picture())
    before = Photo.objects.get()
    plain = web.get(f"/photos/{before.pk}/image/").getvalue()
    encrypt(settings, OLD)
    upload(picture())
    video, _ = video_submission.submit(owner, film())
    with default_storage.open(str(video.file.name)) as file:
        content = bytes(file.read())
    for face in (photo.analyses.get().faces.get() for photo in Photo.objects.all()):
        heat_maps.draw(explanations.request(face).pk)
    assert {is_sealed(name) for name in files()} == {True, False}
    # The key is changed, and every file follows; then nothing plain is read any more.
    encrypt(settings, KEY, OLD)
    with django_capture_on_commit_callbacks(execute=True):
        call_command("encrypt_storage", "--grace", "0")
    assert "7 files encrypted anew, 0 were so, 0 are lost" in capsys.readouterr().out
    encrypt(settings, KEY, plain=False)
    assert all(is_sealed(name) for name in files())
    assert len(files()) == 7
    call_command("encrypt_storage", "--grace", "0")
    assert "0 files encrypted anew, 7 were so" in capsys.readouterr().out
    # Pages, parts of videos, pictures of the API and exports show the content.
    assert web.get(f"/photos/{before.pk}/image/").getvalue() == plain
    answer = web.get(f"/videos/{video.pk}/file/", HTTP_RANGE="bytes=100-299")
    assert (answer.status_code, answer.content) == (206, content[100:300])
    assert web.get(f"/videos/{video.pk}/file/").getvalue() == content
    crop = api.get(f"/api/v1/analyses/{before.analyses.get().pk}/faces/0/crop/")
    assert crop.content.startswith(b"\xff\xd8")
    assert plain[200:400] in b"".join(api.get("/api/v1/export/?type=zip"))
    # A damaged file keeps neither a new key from all others, nor its owner from an export.
    before.refresh_from_db()
    damaged = str(before.image.name)
    place = Path(django_settings.MEDIA_ROOT, damaged)
    place.write_bytes(other_bit(place.read_bytes()))
    with zipfile.ZipFile(io.BytesIO(b"".join(api.get("/api/v1/export/?type=zip")))) as export:
        assert export.testzip() is None
        assert export.read(f"videos/{video.pk}.mp4") == content
        # It says itself what it lacks: a picture that ends early may open all the same.
        assert json.loads(export.read("damaged_files.json")) == [f"images/{before.pk}.jpg"]
    encrypt(settings, NEW, KEY)
    with pytest.raises(CommandError, match="1 files are damaged"):
        call_command("encrypt_storage", "--grace", "0")
    assert "6 files encrypted anew, 0 were so" in capsys.readouterr().out
    assert damaged in files()
    # The size that quotas count is that of the content; no file is taken for an orphan.
    assert Video.objects.get().file.size == len(content)
    assert Explanation.objects.first() is not None
    assert orphans.remove_orphans() == 0
    assert named() < files()
    assert web.get("/readyz").json()["checks"]["storage"] == "ok"
