"""Uploads: what is stored, what is rejected, what is sent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from kombu.exceptions import OperationalError

from detector.analyses import queueing, submission
from detector.common.dispatch import TaskName
from detector.enums import Source, Status
from detector.models import Analysis, Photo, User
from detector.tests.bad_files import archive
from detector.tests.conftest import Broker

MakePicture = Callable[..., SimpleUploadedFile]


def stored_files() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def submit(owner: User, *files: SimpleUploadedFile) -> submission.Submission:
    return submission.submit(owner, files, Source.WEB)


def test_stores_queues_and_sends(
    owner: User, picture: MakePicture, sent: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        result = submit(owner, picture("me.jpg", size=(64, 48)))
    [analysis] = result.accepted
    assert analysis.status == Status.QUEUED
    assert sent == [analysis.pk]
    photo = analysis.photo
    assert (photo.owner, photo.filename, photo.width, photo.height) == (owner, "me.jpg", 64, 48)
    assert "me" not in str(photo.upload.name)
    assert len(stored_files()) == 1


@pytest.mark.parametrize("in_archive", [False, True])
def test_a_file_that_comes_twice_at_once_is_sent_once(
    owner: User, picture: MakePicture, sent: list[UUID], in_archive: bool,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    content = picture().read()
    files = [SimpleUploadedFile(name, content) for name in ("a.jpg", "b.jpg")]
    if in_archive:
        zipped = archive({"a.jpg": content, "b.jpg": content})
        files = [SimpleUploadedFile("all.zip", zipped), files[0]]
    with django_capture_on_commit_callbacks(execute=True):
        result = submit(owner, *files)
    [pk] = {analysis.pk for analysis in result.accepted}
    assert sent == result.new == [pk]


def test_nothing_is_sent_before_the_rows_are_there(
    owner: User, picture: MakePicture, sent: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=False):
        submit(owner, picture())
    assert sent == []


def test_duplicate_of_the_same_owner_is_shown_not_stored(
    owner: User, stranger: User, picture: MakePicture
) -> None:
    file = picture()
    [first] = submit(owner, file).accepted
    again = submit(owner, SimpleUploadedFile("other name.jpg", file.open().read()))
    assert [a.pk for a in again.accepted] == [first.pk]
    assert again.duplicates == {first.pk}
    assert Photo.objects.count() == len(stored_files()) == 1
    # Another owner's copy is a photo of its own.
    assert submit(stranger, file).duplicates == set()


def test_race_of_two_equal_uploads_keeps_one(
    owner: User, picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = picture()
    [first] = submit(owner, file).accepted
    existing = submission._existing
    blind = iter([None])

    def first_time_blind(*args: Any) -> Analysis | None:
        return next(blind, existing(*args))

    monkeypatch.setattr(submission, "_existing", first_time_blind)
    again = submit(owner, SimpleUploadedFile("again.jpg", file.open().read()))
    assert [a.pk for a in again.accepted] == [first.pk]
    assert len(stored_files()) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"this is a text, whatever its name says", "unsupported_format"),
        (b"\xff\xd8\xff\xe0" + b"broken" * 20, "corrupt_image"),
    ],
)
def test_bad_file_leaves_nothing_behind_and_stops_nobody(
    owner: User, picture: MakePicture, content: bytes, code: str
) -> None:
    result = submit(owner, SimpleUploadedFile("bad.jpg", content), picture())
    assert [item.error.code for item in result.rejected] == [code]
    assert result.rejected[0].filename == "bad.jpg"
    assert len(result.accepted) == 1
    assert Photo.objects.count() == Analysis.objects.count() == len(stored_files()) == 1


def test_truncated_jpeg_is_refused_at_once(owner: User, picture: MakePicture) -> None:
    content = picture(size=(640, 480)).open().read()
    half = SimpleUploadedFile("cut.jpg", content[: len(content) // 2])
    [rejection] = submit(owner, half).rejected
    assert rejection.error.code == "corrupt_image"
    assert stored_files() == []


def test_limits_come_from_the_settings(owner: User, picture: MakePicture, settings: Any) -> None:
    settings.UPLOAD_MAX_PIXELS = 100
    assert submit(owner, picture()).rejected[0].error.code == "image_too_large"
    settings.UPLOAD_MAX_BYTES = 100
    assert submit(owner, picture()).rejected[0].error.code == "file_too_large"


def test_database_failure_leaves_no_file(
    owner: User, picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no more room")

    monkeypatch.setattr(Analysis.objects, "create", refuse)
    with pytest.raises(RuntimeError, match="no more room"):
        submit(owner, picture())
    assert Photo.objects.count() == 0
    assert stored_files() == []


def test_name_of_300_emoji_is_kept_as_far_as_it_fits(owner: User, picture: MakePicture) -> None:
    [analysis] = submit(owner, picture("😀" * 300 + ".jpg")).accepted
    assert len(analysis.photo.filename) <= 255
    assert analysis.photo.filename.endswith("😀.jpg")


def test_upload_is_accepted_while_the_broker_is_away(
    owner: User,
    picture: MakePicture,
    sent: list[UUID],
    broker: Broker,
    django_capture_on_commit_callbacks: Any,
) -> None:
    working = broker[TaskName.ANALYSE]

    def away(_: str) -> None:
        raise OperationalError("connection refused")

    broker[TaskName.ANALYSE] = away
    with django_capture_on_commit_callbacks(execute=True):
        [analysis] = submit(owner, picture()).accepted
    assert queueing.sweep() == 0
    broker[TaskName.ANALYSE] = working
    assert queueing.sweep() == 1
    assert sent == [analysis.pk]


@pytest.mark.django_db(transaction=True)
def test_whatever_goes_wrong_with_a_hint_the_photo_is_in(
    owner: User, picture: MakePicture, broker: Broker
) -> None:
    def broken(_: str) -> None:
        raise ValueError("not an error that anyone expects of a broker")

    broker[TaskName.ANALYSE] = broken
    [analysis] = submit(owner, picture()).accepted
    assert Analysis.objects.get().status == Status.QUEUED
    assert len(stored_files()) == 1
    assert analysis.photo.upload.storage.exists(str(analysis.photo.upload.name))


def test_after_the_first_failure_the_broker_is_not_asked_again(
    owner: User,
    picture: MakePicture,
    broker: Broker,
    django_capture_on_commit_callbacks: Any,
) -> None:
    asked = []

    def away(text: str) -> None:
        asked.append(text)
        raise OperationalError("timed out")

    broker[TaskName.ANALYSE] = away
    with django_capture_on_commit_callbacks(execute=True):
        submit(owner, picture(), picture(), picture())
    assert len(asked) == 1
    assert Analysis.objects.filter(sent_at=None).count() == 3


def test_uploading_again_mends_a_photo_whose_file_was_lost(
    owner: User, picture: MakePicture, work_off: Callable[[], list[Analysis]], sent: list[UUID]
) -> None:
    content = picture().open().read()
    [first] = submit(owner, SimpleUploadedFile("a.jpg", content)).accepted
    first.photo.upload.storage.delete(str(first.photo.upload.name))
    sent.append(first.pk)
    assert work_off()[0].error_code == "file_missing"
    [again] = submit(owner, SimpleUploadedFile("a.jpg", content)).accepted
    assert again.pk == first.pk
    sent.append(first.pk)
    assert work_off()[0].status == Status.DONE


def test_uploading_again_mends_a_photo_whose_copy_was_lost(
    owner: User, picture: MakePicture, work_off: Callable[[], list[Analysis]], sent: list[UUID],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    content = picture().open().read()

    def send() -> Analysis:
        with django_capture_on_commit_callbacks(execute=True):
            [analysis] = submit(owner, SimpleUploadedFile("a.jpg", content)).accepted
        with django_capture_on_commit_callbacks(execute=True):
            work_off()
        return analysis

    first = send()
    photo = Photo.objects.get()
    photo.image.storage.delete(str(photo.image.name))
    # Its result stays meanwhile.
    assert (send(), sent) == (first, [])
    photo.refresh_from_db()
    assert first.faces.count() == 1
    assert {path.name for path in stored_files()} == {
        Path(str(file.name)).name for file in photo.files
    }
    assert len(photo.files) == 2
    assert photo.stored_bytes == photo.image.size + photo.thumbnail.size
    assert [analysis.status for analysis in photo.analyses.all()] == [Status.DONE] * 2
