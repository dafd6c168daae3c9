"""Outages of the storage (full, read-only, broken): reported, waited for, recovered from."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from detector import tasks
from detector.analyses import explanations, heat_maps, leases, submission
from detector.common import clock, outages, storage
from detector.common.temporary import TemporaryFile
from detector.enums import Source, Status
from detector.exceptions import OutageError
from detector.learning import dataset
from detector.models import Analysis, Photo, User
from detector.reviews import verdicts
from detector.tests.bad_files import archive
from detector.tests.outages import FAULTS, HTMX, URL, MakePicture, assert_unavailable, files, named
from detector.web import health

pytestmark = pytest.mark.django_db
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=errno.errorcode.get)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Any]:
    """Let the storage write a part of each file and then fail, until the block ends."""

    def write_a_part(self: FileSystemStorage, name: str, content: Any) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read(10))
        raise OSError(fault[0], os.strerror(fault[0]))

    def refuse(self: FileSystemStorage, name: str, mode: str = "rb") -> Any:
        raise OSError(fault[0], os.strerror(fault[0]))

    fault: list[int] = []

    @contextmanager
    def breaking(number: int) -> Iterator[None]:
        fault[:] = [number]
        with monkeypatch.context() as patch:
            patch.setattr(FileSystemStorage, "_save", write_a_part)
            patch.setattr(FileSystemStorage, "_open", refuse)
            yield

    return breaking


@each_fault
def test_an_upload_is_refused_for_the_moment(
    api: APIClient, picture: MakePicture, broken: Any, fault: int
) -> None:
    with broken(fault):
        response = api.post(
            URL, {"images": [picture(), picture()]}, format="multipart",
            headers={"Idempotency-Key": "k"},
        )  # fmt: skip
    assert_unavailable(response, "storage_unavailable")
    assert files() == set()
    assert not Photo.objects.exists()


def test_a_refused_call_is_done_when_it_is_sent_again(
    api: APIClient, picture: MakePicture, broken: Any
) -> None:
    content = picture().read()

    def send() -> Any:
        sent = {"images": [SimpleUploadedFile("a.jpg", content), SimpleUploadedFile("b", b"text")]}
        return api.post(URL, sent, format="multipart", headers={"Idempotency-Key": "k"})

    with broken(errno.ENOSPC):
        assert_unavailable(send(), "storage_unavailable")
    assert send().status_code == 202


def test_a_page_says_so(web: Client, picture: MakePicture, broken: Any) -> None:
    with broken(errno.ENOSPC):
        page = web.post("/upload/", {"images": [picture()]}, headers=HTMX)
    assert outages.storage_away().message in page.content.decode()
    assert files() == set()


@each_fault
@pytest.mark.parametrize("picture_of", ["image/", "annotated/", "faces/0/crop/"])
def test_pictures_are_not_lost_but_away(
    api: APIClient, web: Client, analysed: Analysis, broken: Any, fault: int, picture_of: str
) -> None:
    with broken(fault):
        assert_unavailable(api.get(f"{URL}{analysed.pk}/{picture_of}"), "storage_unavailable")
        page = web.get(f"/photos/{analysed.photo_id}/image/")
    assert page.status_code == 503
    with closing(api.get(f"{URL}{analysed.pk}/{picture_of}")) as found:
        assert found.status_code == 200


def test_accepted_photos_wait_as_long_as_it_takes(
    owner: User, picture: MakePicture, sent: list[UUID], broken: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        submission.submit(owner, [picture() for _ in range(3)], Source.API)
    ids = list(sent)
    waits = []
    for fault in FAULTS * 3:
        with broken(fault):
            for pk in ids:
                tasks.analyse(str(pk))
        rows = Analysis.objects.values_list("status", "attempt")
        assert set(rows) == {(Status.QUEUED, 0)}
        waits.append(Analysis.objects.latest("due_at").due_at - clock.now())
        assert files() == named()
        Analysis.objects.update(due_at=clock.now())
    assert timedelta(0) < min(waits)
    Analysis.objects.update(queued_at=clock.now() - timedelta(days=1))
    with broken(errno.EIO):
        tasks.analyse(str(ids[0]))
    late = Analysis.objects.get(pk=ids[0]).due_at - clock.now()
    assert timedelta(seconds=20) < late <= leases.LONGEST_WAIT
    Analysis.objects.update(due_at=clock.now())
    for pk in ids:
        tasks.analyse(str(pk))
    assert set(Analysis.objects.values_list("status", flat=True)) == {Status.DONE}
    assert files() == named()


@pytest.mark.parametrize("fault", [errno.EIO, errno.EACCES], ids=errno.errorcode.get)
def test_one_file_that_cannot_be_read_is_not_waited_for(
    analysed: Analysis, monkeypatch: pytest.MonkeyPatch, settings: Any, fault: int
) -> None:
    settings.ANALYSIS_MAX_ATTEMPTS = 2
    open_, bad = vars(FileSystemStorage)["_open"], str(analysed.photo.image.name)

    def refuse(self: FileSystemStorage, name: str, mode: str = "rb") -> Any:
        if name == bad:
            raise OSError(fault, "of one file")
        return open_(self, name, mode)

    monkeypatch.setattr(FileSystemStorage, "_open", refuse)
    asked = explanations.request(analysed.faces.get())
    for attempt in (1, 2):
        heat_maps.draw(asked.pk)
        asked.refresh_from_db()
        assert (asked.is_waiting, asked.attempt) == (True, attempt)
    Analysis.objects.update(status=Status.QUEUED, attempt=0, finished_at=None)
    for status in (Status.QUEUED, Status.FAILED):
        Analysis.objects.update(due_at=clock.now())
        tasks.analyse(str(analysed.pk))
        analysed.refresh_from_db()
        assert analysed.status == status
    assert (analysed.attempt, analysed.error_code) == (2, "internal_error")
    assert files() == named()


@pytest.mark.parametrize(
    ("error", "works", "expected"),
    [
        (OSError(errno.EIO, ""), True, True),
        (OSError(errno.EIO, ""), False, False),
        # Too full for a photo, but not for a probe.
        (OSError(errno.ENOSPC, ""), True, False),
        (OSError(errno.EDQUOT, ""), True, False),
        # The folder of all photos, which a probe would create again.
        (FileNotFoundError(errno.ENOENT, ""), True, False),
        (ValueError(), True, False),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_when_the_storage_as_a_whole_is_away(
    broken: Any, error: Exception, works: bool, expected: bool, wrapped: bool
) -> None:  # fmt: skip
    told = error
    if wrapped:
        told = outages.storage_away()
        told.__cause__ = error
    with nullcontext() if works else broken(errno.EIO):
        assert storage.is_single_file_error(told) is expected


def test_a_disk_that_is_not_mounted_loses_no_photo(analysed: Analysis) -> None:
    Path(settings.MEDIA_ROOT).rename(Path(settings.MEDIA_ROOT).with_name("unmounted"))
    with pytest.raises(OutageError):
        storage.read(analysed.photo.image)


def test_one_lost_file_is_not_an_outage(analysed: Analysis) -> None:
    default_storage.delete(str(analysed.photo.image.name))
    with pytest.raises(FileNotFoundError):
        storage.read(analysed.photo.image)


def test_a_heat_map_waits(analysed: Analysis, broken: Any) -> None:
    asked = explanations.request(analysed.faces.get())
    for fault in FAULTS * 2:
        with broken(fault):
            heat_maps.draw(asked.pk)
    asked.refresh_from_db()
    assert (asked.is_waiting, asked.attempt) == (True, 0)
    assert files() == named()


@each_fault
def test_not_ready_and_nothing_left_of_the_try(broken: Any, fault: int) -> None:
    health._recent_checks.cache_clear()
    with broken(fault):
        response = Client().get("/readyz")
    assert response.json()["checks"]["storage"] == "unavailable"
    assert files() == set()
    health._recent_checks.cache_clear()
    assert Client().get("/readyz").json()["checks"]["storage"] == "ok"
    assert files() == set()


# --- the disk on which bodies wait


@pytest.fixture
def no_room_to_receive(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "write", full)


@pytest.mark.usefixtures("no_room_to_receive")
def test_a_body_that_finds_no_room(api: APIClient, web: Client, picture: MakePicture) -> None:
    web.raise_request_exception = api.raise_request_exception = False
    form = api.post(URL, {"images": [picture()]}, format="multipart")
    assert_unavailable(form, "storage_unavailable")
    whole = api.post(URL, picture().read(), content_type="image/jpeg")
    assert_unavailable(whole, "storage_unavailable")
    page = web.post("/upload/", {"images": [picture()]})
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert outages.storage_away().message in page.content.decode()


@pytest.mark.parametrize("step", ["write", "flush"])
def test_an_archive_without_room_to_unpack_is_not_called_damaged(
    api: APIClient, picture: MakePicture, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(TemporaryFile, step, full, raising=False)
    photos = SimpleUploadedFile("a.zip", archive({"a.jpg": picture().read()}))
    response = api.post(URL, {"images": [photos]}, format="multipart")
    assert_unavailable(response, "storage_unavailable")
    assert files() == set()


def test_a_waiting_body_has_no_name(tmp_path: Path, settings: Any, web: Client) -> None:
    """So a killed process leaves no file; only its descriptor in /proc leads to it."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    file = TemporaryFile("photo.jpg", "image/jpeg", 3)
    file.write(b"abc")
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []
    file.close()
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    sent = SimpleUploadedFile("wrong.jpg", b"not a photo")
    assert web.post("/upload/", {"images": [sent]}).status_code == 200


def test_a_data_set_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "faces.npz"
    with pytest.raises(ZeroDivisionError), dataset._atomic_write(out) as part:
        1 / part.write_bytes(b"")
    assert not out.exists()
    assert not part.exists()


def test_a_data_set_does_not_lack_what_cannot_be_read_now(analysed: Analysis, broken: Any) -> None:
    verdicts.correct(analysed.owner, analysed.faces.get(), "sad")
    with broken(errno.EIO), pytest.raises(OutageError):
        dataset._add(dataset.Collected(), analysed.photo, list(analysed.faces.all()))
