"""Storage full, read-only or broken; the database away or locked: told, waited for, got over."""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from rest_framework.test import APIClient

from detector import clock, outages, tasks
from detector.enums import Source, Status
from detector.exceptions import DetectorError, OutageError
from detector.models import Analysis, Explanation, FineTune, Photo, User
from detector.services import (
    analysis as analysis_service,
)
from detector.services import (
    explanation,
    fine_tuning,
    heat_maps,
    leases,
    orphans,
    reviewed_data,
    reviews,
    storage,
    submission,
)
from detector.temporary import TemporaryFile
from detector.tests.bad_files import archive
from detector.web import health

pytestmark = pytest.mark.django_db
MakePicture = Callable[..., SimpleUploadedFile]
URL = "/api/v1/analyses/"
HTMX = {"HX-Request": "true"}
FAULTS = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO]
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=errno.errorcode.get)


def files() -> set[str]:
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def named() -> set[str]:
    """The files that rows name."""
    photos = Photo.objects.values_list("upload", "image", "thumbnail")
    heat = Explanation.objects.values_list("picture", flat=True)
    return {name for names in photos for name in names if name} | {name for name in heat if name}


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Any]:
    """A storage that writes a part of a file and then fails, until the block ends."""

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


def assert_unavailable(response: Any, code: str) -> None:
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert response.json()["error"]["code"] == code


# --- storage


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


def test_a_disk_that_is_not_mounted_loses_no_photo(analysed: Analysis) -> None:
    Path(settings.MEDIA_ROOT).rename(Path(settings.MEDIA_ROOT).with_name("unmounted"))
    with pytest.raises(OutageError):
        storage.read(analysed.photo.image)


def test_one_lost_file_is_not_an_outage(analysed: Analysis) -> None:
    default_storage.delete(str(analysed.photo.image.name))
    with pytest.raises(FileNotFoundError):
        storage.read(analysed.photo.image)


def test_a_heat_map_waits(analysed: Analysis, broken: Any) -> None:
    asked = explanation.request(analysed.faces.get())
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
    """So that a killed process leaves none; only its number in /proc leads to it."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    file = TemporaryFile("photo.jpg", "image/jpeg", 3)
    file.write(b"abc")
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []
    file.close()
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    sent = SimpleUploadedFile("wrong.jpg", b"not a photo")
    assert web.post("/upload/", {"images": [sent]}).status_code == 200


# --- the database


@contextmanager
def database_away(error: Exception) -> Iterator[None]:
    """Every question fails, as from a server that was stopped."""

    def refuse(*_: Any) -> None:
        raise error

    with connection.execute_wrapper(refuse):
        yield


AWAY = [
    OperationalError("server closed the connection unexpectedly"),
    InterfaceError("connection already closed"),
    OperationalError("database is locked"),
]
each_way = pytest.mark.parametrize("error", AWAY, ids=str)


@each_way
def test_programs_get_the_envelope(
    api: APIClient, analysed: Analysis, picture: MakePicture, error: Exception
) -> None:
    api.raise_request_exception = False
    with database_away(error):
        answers = [
            api.get(URL),
            api.get(f"{URL}{analysed.pk}/"),
            api.get(f"{URL}{analysed.pk}/image/"),
            api.delete(f"{URL}{analysed.pk}/"),
            api.post(URL, {"images": [picture()]}, format="multipart"),
            api.get("/api/v1/stats/summary/"),
        ]
    for answer in answers:
        assert_unavailable(answer, "database_unavailable")
    assert files() == named()


@each_way
@pytest.mark.parametrize("path", ["/history/", "/upload/", "/settings/", "/admin/", "/", "/no/"])
def test_people_get_a_page_that_needs_no_database(web: Client, path: str, error: Exception) -> None:
    """The session is the first that is asked for, before any view."""
    web.raise_request_exception = False
    with database_away(error):
        page = web.get(path)
        notice = web.get(path, headers=HTMX)
    for answer in (page, notice):
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert outages.database_away().message in answer.content.decode()
    assert "<html" in page.content.decode()
    assert notice["HX-Retarget"] == "#notices"


def test_log_in_and_a_session_that_cannot_be_written(owner: User) -> None:
    client = Client(raise_request_exception=False)
    form = {"login": "owner", "password": "x"}

    def no_writing(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE")):
            raise OperationalError("attempt to write a readonly database")
        return execute(sql, *rest)

    with database_away(AWAY[0]):
        assert client.post("/accounts/login/", form).status_code == 503
    client.force_login(owner)
    with connection.execute_wrapper(no_writing):
        answer = client.post("/settings/", {"time_zone": "UTC"})
        client.cookies["sessionid"] = client.session.session_key or ""
        tokens = client.post("/settings/tokens/", {"name": "x", "scopes": ["read"], "days": 30})
    assert 503 in (answer.status_code, tokens.status_code)
    assert 500 not in (answer.status_code, tokens.status_code)


def test_health_is_told_while_it_is_away() -> None:
    health._recent_checks.cache_clear()
    with database_away(AWAY[0]):
        assert Client().get("/healthz").status_code == 200
        checks = Client().get("/readyz").json()["checks"]
    assert (checks["database"], checks["worker"]) == ("unavailable", "unavailable")
    health._recent_checks.cache_clear()


@each_way
@pytest.mark.django_db(transaction=True)
def test_a_photo_is_put_back_when_the_database_answers_again(
    owner: User, picture: MakePicture, sent: list[UUID], error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    submission.submit(owner, [picture()], Source.API)
    left = [3]

    def flaky(execute: Any, sql: str, *rest: Any) -> Any:
        # The claim goes through; what comes after it does not, for a while.
        told = sql.startswith('UPDATE "detector_analysis"') and "started_at" not in sql[:200]
        if left[0] and (told or 'FROM "detector_modelversion"' in sql):
            left[0] -= 1
            raise error
        return execute(sql, *rest)

    monkeypatch.setattr(analysis_service, "PATIENCE_SECONDS", (0, 0, 0, 0))
    with connection.execute_wrapper(flaky):
        analysis_service.run(sent[0])
    assert left == [0]
    analysis = Analysis.objects.get()
    assert (analysis.status, analysis.attempt) == (Status.QUEUED, 0)


def test_wrong_sql_is_our_fault(web: Client) -> None:
    cause = sqlite3.OperationalError("no such table: detector_photo")
    cause.sqlite_errorcode = sqlite3.SQLITE_ERROR
    error = OperationalError(str(cause))
    error.__cause__ = cause
    web.raise_request_exception = False
    with database_away(error):
        assert web.get("/history/").status_code == 500


@pytest.mark.parametrize("error", [ValueError("x"), OSError("x"), FileNotFoundError(2, "x")])
def test_other_errors_are_no_outages(error: Exception) -> None:
    assert outages.outage_in(error) is None
    assert outages.outage_in(None) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite locks the whole file")
def test_sqlite_locked_for_longer_than_its_timeout(
    api: APIClient, web: Client, picture: MakePicture
) -> None:
    api.raise_request_exception = web.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(connection.settings_dict["NAME"])
    try:
        other.execute("BEGIN IMMEDIATE")
        upload = api.post(URL, {"images": [picture()]}, format="multipart")
        page = web.post("/upload/", {"images": [picture()]})
        other.rollback()
    finally:
        other.close()
    assert_unavailable(upload, "database_unavailable")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert files() == set()
    assert api.post(URL, {"images": [picture()]}, format="multipart").status_code == 202
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server to lose")
def test_a_connection_that_the_server_ended(web: Client) -> None:
    web.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()
    assert web.get("/history/").status_code in (200, 503)
    assert web.get("/history/").status_code == 200


# --- what is left behind

STEPS = {
    "quota": ("detector.services.quotas.check", 0),
    "analysis is queued": ("detector.services.submission._queue", 0),
    "thumbnail is made": ("detector.services.images._jpeg", 1),
    "copies are named": ("detector.services.images._name_copies", 0),
    "photo is read": ("detector.services.model_registry.analyser", 0),
    "result is counted": ("detector.services.statistics.add_faces", 0),
    "heat map is drawn": ("detector.services.crops.detection_of", 0),
}


class Killed(BaseException):
    """The process ended here, whatever would have come after."""


@pytest.mark.parametrize("error", [RuntimeError, Killed, OperationalError])
@pytest.mark.parametrize("step", list(STEPS))
def test_no_file_without_a_row_is_older_than_the_round(
    owner: User, picture: MakePicture, sent: list[UUID], step: str, error: type[BaseException],
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    """Also of a process that is killed: it clears up nothing."""
    path, at = STEPS[step]
    calls = [0]
    target = _found(path)

    def fail(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] > at:
            raise error(step)
        return target(*args, **kwargs)

    monkeypatch.setattr(analysis_service, "PATIENCE_SECONDS", ())
    with monkeypatch.context() as patch:
        patch.setattr(path, fail)
        if error is Killed:
            patch.setattr(FileSystemStorage, "delete", lambda *_: None)
        for work in (
            lambda: _upload(owner, picture, django_capture_on_commit_callbacks),
            lambda: _analyse(sent),
            _draw,
        ):
            try:
                work()
            except (RuntimeError, Killed, OperationalError, DetectorError):
                continue
    assert calls[0] > at
    _age()
    orphans.remove_orphans()
    assert files() == named()
    assert all(default_storage.exists(name) for name in named())


def _upload(owner: User, picture: MakePicture, capture: Any) -> None:
    with capture(execute=True):
        submission.submit(owner, [picture()], Source.WEB)


def _analyse(sent: list[UUID]) -> None:
    for pk in sent:
        analysis_service.run(pk)


def _draw() -> None:
    for analysis in Analysis.objects.filter(status=Status.DONE):
        heat_maps.draw(explanation.request(analysis.faces.get()).pk)


def _found(path: str) -> Any:
    from django.utils.module_loading import import_string

    return import_string(path)


def _age() -> None:
    old = (clock.now() - timedelta(hours=2)).timestamp()
    for name in files():
        os.utime(Path(settings.MEDIA_ROOT, name), (old, old))


@each_way
def test_training_lives_through_a_database_that_is_away(error: Exception) -> None:
    running = FineTune.objects.all()
    with database_away(error):
        assert fine_tuning._note(running, {})
    assert not fine_tuning._note(running, {})


def test_a_data_set_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "faces.npz"
    with pytest.raises(ZeroDivisionError), reviewed_data._whole_or_not_at_all(out) as part:
        1 / part.write_bytes(b"")
    assert not out.exists()
    assert not part.exists()


def test_a_data_set_does_not_lack_what_cannot_be_read_now(analysed: Analysis, broken: Any) -> None:
    reviews.correct(analysed.owner, analysed.faces.get(), "sad")
    with broken(errno.EIO), pytest.raises(OutageError):
        reviewed_data._add(reviewed_data.Collected(), analysed.photo, list(analysed.faces.all()))
