"""Files in an object store: as on a disk, in order and in disorder."""

import errno
import io
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from rest_framework.test import APIClient

from detector import checks, tasks
from detector.common import object_store, storage
from detector.common.encrypted_storage import EncryptedStorage
from detector.exceptions import OutageError
from detector.models import Analysis, Photo, Video
from detector.photos import orphans
from detector.tests import stores
from detector.tests.outages import URL, MakePicture, assert_unavailable
from detector.videos import copies
from detector.videos import files as video_files

FAULTS = {"500": 500, "503": 503, "silent": None, "refused": 0}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stores.working() as found:
        yield found


@pytest.fixture
def bucket(address: str, settings: Any, request: pytest.FixtureRequest) -> None:
    name = f"photos-{abs(hash(request.node.name))}"
    settings.STORAGES = stores.storages(address, name, location="site", timeout=5)
    default_storage.create_bucket()  # type: ignore[attr-defined]


def names() -> set[str]:
    return {name for name, _ in storage.dated_files("")}


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_keeps_what_is_erased_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.bucket_of_production(None) == []
    store: Any = storage.beneath(default_storage)
    for status in ("Enabled", "Suspended"):
        store.client.put_bucket_versioning(
            Bucket=store.bucket_name, VersioningConfiguration={"Status": status}
        )
        [warning] = checks.bucket_of_production(None)
        assert warning.id == "detector.W021"
    # A store that does not answer, or knows no versions, is none to warn of.
    with monkeypatch.context() as patched:
        patched.setattr(store, "bucket_name", "gone")
        assert checks.bucket_of_production(None) == []


@pytest.mark.usefixtures("bucket")
def test_files_are_as_on_a_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "BLOCK", 10)
    content = bytes(range(95))
    name = default_storage.save("images/ab/one.jpg", ContentFile(content))
    assert name == "images/ab/one.jpg"
    # A taken name is not written over.
    assert default_storage.save("images/ab/one.jpg", ContentFile(b"other")) != name
    assert default_storage.save("images/empty", ContentFile(b"")) == "images/empty"
    assert default_storage.listdir("images")[0] == ["ab"]
    assert default_storage.listdir("images")[1] == ["empty"]
    assert len(default_storage.listdir("images/ab")[1]) == 2
    assert default_storage.listdir("") == (["images"], [])
    assert {found for found, _ in storage.dated_files("images")} == names()
    assert len(names()) == 3
    assert default_storage.size(name) == 95
    with default_storage.open(name) as file, io.BytesIO(content) as same:
        for offset, whence, size in (
            (0, 0, 3), (5, 1, 11), (-4, 2, 9), (90, 0, 2), (33, 0, -1), (99, 0, 1), (12, 0, 0),
        ):  # fmt: skip
            assert file.seek(offset, whence) == same.seek(offset, whence)
            assert file.read(size) == same.read(size)
            assert file.tell() == same.tell()
        assert b"".join(file.chunks(7)) == content
    with default_storage.open("images/empty") as file:
        assert file.read() == b""
    with pytest.raises(ValueError, match="no URL"):
        default_storage.url(name)
    default_storage.delete(name)
    default_storage.delete(name)
    assert not default_storage.exists(name)
    for lost in (default_storage.open, default_storage.size, default_storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            lost(name)
    assert default_storage.create_bucket() is False  # type: ignore[attr-defined]
    assert len(names()) == 2


@pytest.mark.usefixtures("bucket")
def test_a_body_that_ends_early_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    default_storage.save("images/ab/x", ContentFile(b"whole"))
    client, attempts = default_storage.client, []  # type: ignore[attr-defined]
    get = client.get_object

    class CutOff:
        def read(self) -> bytes:
            raise IncompleteReadError(actual_bytes=1, expected_bytes=5)

    def cut(**asked: Any) -> Any:
        attempts.append(asked)
        return {**get(**asked), "Body": CutOff()} if len(attempts) in bad else get(**asked)

    monkeypatch.setattr(client, "get_object", cut)
    bad = {1}
    with default_storage.open("images/ab/x") as file:
        assert file.read() == b"whole"
    bad = {3, 4}
    with pytest.raises(OSError, match="1 read"):
        default_storage.open("images/ab/x")


@pytest.mark.django_db
@pytest.mark.usefixtures("bucket")
def test_a_photo_from_upload_to_the_bin(
    api: APIClient, web: Client, stranger_web: Client, picture: MakePicture,
    monkeypatch: pytest.MonkeyPatch, settings: Any,
) -> None:  # fmt: skip
    settings.ACCEL_PREFIX = "/stored/"  # of no use without a disk
    accepted = api.post(URL, {"images": [picture()]}, format="multipart").json()["accepted"][0]
    assert len(names()) == 1
    tasks.analyse(accepted["id"])
    analysis = Analysis.objects.get(pk=accepted["id"])
    assert analysis.status == "done"
    photo = analysis.photo
    assert names() == {str(photo.image.name), str(photo.thumbnail.name)}
    page = f"/photos/{photo.pk}/image/"
    sent = web.get(page)
    content = b"".join(sent)
    assert content.startswith(b"\xff\xd8")
    assert int(sent["Content-Length"]) == len(content)
    assert "X-Accel-Redirect" not in sent
    assert web.get(page, headers={"If-None-Match": sent["ETag"]}).status_code == 304
    assert stranger_web.get(page).status_code == 404
    default_storage.save("images/ab/left-behind", ContentFile(b"x"))
    monkeypatch.setattr(orphans, "MIN_AGE", timedelta(hours=-1))
    assert orphans.remove_orphans() == 1
    assert len(names()) == 2
    default_storage.delete(str(photo.image.name))
    assert web.get(page).status_code == 404


@pytest.mark.usefixtures("bucket")
def test_a_video_is_copied_once_for_its_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    def video(name: str) -> Video:
        return Video(file=default_storage.save(name, ContentFile(name.encode() * 10)))

    reads: list[str] = []
    open_ = object_store.ObjectStore._open

    def noted(self: object_store.ObjectStore, name: str, mode: str = "rb") -> Any:
        reads.append(name)
        return open_(self, name, mode)

    monkeypatch.setattr(object_store.ObjectStore, "_open", noted)
    one, two = video("videos/ab/one"), video("videos/ab/two")
    with video_files.stored(one) as first, video_files.stored(one) as second:
        assert first.read(3) == second.read(3) == b"vid"
        with video_files.stored(two) as other:
            assert other.read() == b"videos/ab/two" * 10
        assert first.read(4) == b"eos/"
    assert reads == ["videos/ab/one", "videos/ab/two"]
    copies.drop()
    default_storage.delete(str(two.file.name))
    with pytest.raises(Exception, match="gone"), video_files.stored(two):
        pass


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_store_that_is_away_is_an_outage(
    fault: int | None, settings: Any, api: APIClient, picture: MakePicture
) -> None:
    with nullcontext("http://127.0.0.1:9") if fault == 0 else stores.answering(fault) as store:
        settings.STORAGES = stores.storages(store, "photos")
        answer = api.post(URL, {"images": [picture()]}, format="multipart")
        assert_unavailable(answer, "storage_unavailable")
        assert not Photo.objects.exists()
        with pytest.raises(OutageError) as told:
            storage.read(Photo(image="images/ab/x").image)
        assert not storage.is_single_file_error(told.value)
        with pytest.raises(OutageError), storage.translate_errors():
            list(storage.dated_files("images"))


def test_a_full_store_and_a_refused_key(settings: Any) -> None:
    for status, is_full in ((507, True), (403, False)):
        with stores.answering(status) as store:
            settings.STORAGES = stores.storages(store, "photos")
            with pytest.raises(OutageError) as told:
                storage.check()
        assert storage.is_full(told.value) is is_full


def test_a_missing_bucket_loses_no_photo(address: str, settings: Any) -> None:
    settings.STORAGES = stores.storages(address, "never-created", timeout=5)
    for ask in (
        lambda: storage.read(Photo(image="images/ab/x").image),
        storage.check,
    ):
        with pytest.raises(OutageError):
            ask()
    with pytest.raises(OutageError), storage.translate_errors():
        default_storage.exists("images/ab/x")


@pytest.mark.usefixtures("bucket")
def test_one_object_that_is_refused_is_not_waited_for() -> None:
    assert storage.is_single_file_error(OSError(errno.EIO, "of one object"))
    assert not storage.is_single_file_error(OSError(errno.ENOTCONN, "of the store"))


@pytest.mark.usefixtures("bucket")
def test_files_can_be_encrypted_in_it(settings: Any) -> None:
    sealed = EncryptedStorage(settings.STORAGES["default"], [bytes(32)])
    content = bytes(range(256)) * 600
    assert sealed.save("images/ab/two.jpg", ContentFile(content)) == "images/ab/two.jpg"
    with sealed.inner.open("images/ab/two.jpg") as raw:
        assert content[:50] not in raw.read()
    with sealed.open("images/ab/two.jpg") as file:
        assert (file.read(), file.size) == (content, len(content))
        file.seek(100_000)
        assert file.read(7) == content[100_000:100_007]
    assert sealed.size("images/ab/two.jpg") == len(content)
    assert [name for name, _ in sealed.dated("images")] == ["images/ab/two.jpg"]
    with pytest.raises(FileNotFoundError):
        sealed.open("images/ab/gone.jpg")
