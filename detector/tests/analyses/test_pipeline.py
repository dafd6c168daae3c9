"""The analysis of one photo, with a stub for the network."""

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import ExifTags, Image

from detector.analyses import leases, pipeline, submission
from detector.common import storage
from detector.enums import Emotion, Source, Status
from detector.models import Analysis, DailyEmotion, Face, ModelVersion, Photo, User
from detector.photos import erasure, images
from detector.tests.conftest import encoded
from detector.tests.stub_analyser import StubAnalyser, face
from ml import memory

MakePicture = Callable[..., SimpleUploadedFile]
WorkOff = Callable[[], list[Analysis]]


@pytest.fixture
def upload(
    owner: User, sent: list[UUID], django_capture_on_commit_callbacks: Any
) -> Callable[[SimpleUploadedFile], Analysis]:
    def run(file: SimpleUploadedFile) -> Analysis:
        with django_capture_on_commit_callbacks(execute=True):
            return submission.submit(owner, [file], Source.WEB).accepted[0]

    return run


Upload = Callable[[SimpleUploadedFile], Analysis]


def stored_files() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_faces_model_timings_and_statistics_are_kept_together(
    upload: Upload, picture: MakePicture, work_off: WorkOff, analyser: StubAnalyser
) -> None:
    analyser.faces = [face(), face(Emotion.SAD, 0.4, index=1)]
    upload(picture())
    [analysis] = work_off()
    assert analysis.status == Status.DONE
    assert analysis.timings_ms.keys() == {"normalise", "detect"}
    assert analysis.model_version == ModelVersion.objects.get()
    assert analysis.model_version.manifest == {"version": "stub"}
    first, second = analysis.faces.all()
    assert (first.emotion, first.confidence, first.uncertain) == ("happy", 0.9, False)
    assert (first.x, first.y, first.width, first.height) == (10, 8, 20, 24)
    assert second.uncertain
    assert (analysis.owner, analysis.best_confidence) == (analysis.photo.owner, 0.9)
    assert sum(first.probabilities.values()) == pytest.approx(1)
    rows = DailyEmotion.objects.values_list("emotion", "faces")
    assert sorted(rows) == [("happy", 1), ("sad", 1)]


def test_no_face_is_a_result(
    upload: Upload, picture: MakePicture, work_off: WorkOff, analyser: StubAnalyser
) -> None:
    analyser.faces = []
    upload(picture())
    [analysis] = work_off()
    assert analysis.status == Status.DONE
    assert analysis.dominant_emotion is None
    assert not DailyEmotion.objects.exists()


def test_running_twice_does_nothing_more(
    upload: Upload, picture: MakePicture, work_off: WorkOff, analyser: StubAnalyser
) -> None:
    analysis = upload(picture())
    work_off()
    pipeline.run(analysis.pk)
    assert len(analyser.seen) == 1
    assert Face.objects.count() == 1
    assert DailyEmotion.objects.get().faces == 1


def test_unknown_id_is_no_error(db: None, analyser: StubAnalyser) -> None:
    pipeline.run(UUID(int=7))
    assert analyser.seen == []


def test_upright_copy_without_metadata_replaces_the_upload(
    upload: Upload, work_off: WorkOff
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 12.0, 30.0)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:03:01 10:20:30"
    content = encoded(Image.new("RGB", (64, 48), "red"), exif=exif)
    photo = upload(SimpleUploadedFile("turned.jpg", content)).photo
    assert (photo.width, photo.height) == (48, 64)
    work_off()
    photo.refresh_from_db()
    assert not photo.upload
    assert len(stored_files()) == 2
    with photo.image.open() as file:
        kept = Image.open(io.BytesIO(file.read()))
    assert kept.size == (48, 64)
    assert not kept.getexif()
    assert photo.captured_at == photo.taken_at == datetime(2024, 3, 1, 10, 20, 30, tzinfo=UTC)


def test_capture_time_without_zone_is_meant_in_the_owners(
    owner: User, upload: Upload, work_off: WorkOff
) -> None:
    owner.time_zone = "Asia/Tokyo"
    owner.save()
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:03:01 08:00:00"
    upload(SimpleUploadedFile("a.jpg", encoded(Image.new("RGB", (9, 9)), exif=exif)))
    work_off()
    assert Photo.objects.get().captured_at == datetime(2024, 2, 29, 23, tzinfo=UTC)
    assert DailyEmotion.objects.get().day.isoformat() == "2024-03-01"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("bug"), "internal_error"),
        (SoftTimeLimitExceeded(), "timed_out"),
    ],
)
def test_what_may_pass_is_tried_again_then_told(
    upload: Upload,
    picture: MakePicture,
    work_off: WorkOff,
    analyser: StubAnalyser,
    settings: Any,
    error: Exception,
    code: str,
) -> None:
    settings.ANALYSIS_MAX_ATTEMPTS = 2
    analyser.error = error
    analysis = upload(picture())
    work_off()
    analysis.refresh_from_db()
    assert (analysis.status, analysis.attempt) == (Status.QUEUED, 1)
    Analysis.objects.update(due_at=analysis.queued_at)
    pipeline.run(analysis.pk)
    analysis.refresh_from_db()
    assert (analysis.status, analysis.error_code) == (Status.FAILED, code)


def test_second_attempt_uses_the_copy_of_the_first(
    upload: Upload, picture: MakePicture, work_off: WorkOff, analyser: StubAnalyser
) -> None:
    analyser.error = RuntimeError("once")
    analysis = upload(picture())
    work_off()
    analyser.error = None
    Analysis.objects.update(due_at=analysis.queued_at)
    pipeline.run(analysis.pk)
    analysis.refresh_from_db()
    assert analysis.status == Status.DONE
    assert len(stored_files()) == 2


def test_lost_file_fails_with_a_code(
    upload: Upload, picture: MakePicture, work_off: WorkOff
) -> None:
    photo = upload(picture()).photo
    photo.upload.storage.delete(str(photo.upload.name))
    assert work_off()[0].error_code == "file_missing"


def test_photo_deleted_meanwhile_leaves_nothing(
    upload: Upload,
    picture: MakePicture,
    work_off: WorkOff,
    analyser: StubAnalyser,
    django_capture_on_commit_callbacks: Any,
) -> None:
    photo = upload(picture()).photo

    def delete() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            erasure.delete_photo(photo)

    analyser.before_answer = delete
    assert work_off() == []
    assert not DailyEmotion.objects.exists()
    assert not Face.objects.exists()
    assert stored_files() == []


def test_copies_that_cannot_all_be_stored_leave_nothing(
    upload: Upload, picture: MakePicture, work_off: WorkOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = storage.save

    def full(field: Any, content: Any) -> None:
        if field.field.name == "thumbnail":
            raise OSError("no space left on device")
        save(field, content)

    analysis = upload(picture())
    before = stored_files()
    monkeypatch.setattr(storage, "save", full)
    work_off()
    analysis.refresh_from_db()
    assert analysis.status == Status.QUEUED
    assert stored_files() == before


def test_copies_stay_once_the_row_may_name_them(
    upload: Upload, picture: MakePicture, work_off: WorkOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    update_row = images._update_row

    def interrupted(*args: Any) -> None:
        update_row(*args)
        raise SoftTimeLimitExceeded

    upload(picture())
    monkeypatch.setattr(images, "_update_row", interrupted)
    [analysis] = work_off()
    assert analysis.status == Status.QUEUED
    assert analysis.photo.image.storage.exists(str(analysis.photo.image.name))


def test_our_own_copy_may_be_larger_than_an_upload(
    upload: Upload,
    picture: MakePicture,
    work_off: WorkOff,
    analyser: StubAnalyser,
    settings: Any,
) -> None:
    analyser.error = RuntimeError("once")
    analysis = upload(picture(size=(300, 300), quality=10))
    settings.UPLOAD_MAX_BYTES = analysis.photo.upload.size
    work_off()
    analyser.error = None
    Analysis.objects.update(due_at=analysis.queued_at)
    pipeline.run(analysis.pk)
    done = Analysis.objects.select_related("photo").get()
    assert done.photo.image.size > settings.UPLOAD_MAX_BYTES
    assert done.status == Status.DONE


@pytest.mark.parametrize("taken", ["0001:01:01 00:00:00", "1899:12:31 23:59:59"])
def test_camera_without_a_clock(upload: Upload, work_off: WorkOff, taken: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    upload(SimpleUploadedFile("a.jpg", encoded(Image.new("RGB", (9, 9)), exif=exif)))
    [analysis] = work_off()
    assert analysis.status == Status.DONE
    assert analysis.photo.captured_at is None
    assert analysis.photo.taken_at == analysis.photo.uploaded_at


@pytest.mark.django_db(transaction=True)
def test_lease_lasts_as_long_as_the_work(
    owner: User, picture: MakePicture, analyser: StubAnalyser, settings: Any
) -> None:
    settings.ANALYSIS_LEASE = 3
    [analysis] = submission.submit(owner, [picture()], Source.WEB).accepted
    abandoned = []

    def slow() -> None:
        time.sleep(3.5)
        abandoned.append(leases.release_abandoned())

    analyser.before_answer = slow
    pipeline.run(analysis.pk)
    analysis.refresh_from_db()
    assert abandoned == [0]
    assert (analysis.status, analysis.attempt) == (Status.DONE, 1)


@pytest.mark.parametrize(("size", "times"), [((640, 480), 0), ((2500, 2000), 2)])
def test_memory_of_large_photos_alone_goes_back_to_the_system(
    upload: Upload,
    picture: MakePicture,
    work_off: WorkOff,
    analyser: StubAnalyser,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    times: int,
) -> None:
    trims: list[int] = []
    monkeypatch.setattr(memory, "_trim", trims.append)
    upload(picture(size=size))
    work_off()
    # Before the faces are searched, and at the end.
    assert len(trims) == times
