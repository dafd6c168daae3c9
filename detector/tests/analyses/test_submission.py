"""Photos in: what is stored, what is refused, what is sent."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from kombu.exceptions import OperationalError

from detector.analyses import selectors as analysis_selectors
from detector.analyses import submission
from detector.common import dispatch
from detector.common.dispatch import TaskName
from detector.enums import Emotion, Source, Status
from detector.exceptions import DetectorError
from detector.insights import rollups
from detector.models import Analysis, DailyEmotion, Photo, User
from detector.operations import heartbeats, liveness
from detector.photos import trash
from detector.tests.conftest import Broker
from detector.tests.factories import AnalysisFactory
from detector.tests.stub_analyser import StubAnalyser, face

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
    assert submission.sweep() == 0
    broker[TaskName.ANALYSE] = working
    assert submission.sweep() == 1
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


def test_sweep_gives_up_what_was_tried_too_often(db: None, settings: Any) -> None:
    settings.ANALYSIS_MAX_ATTEMPTS = 3
    AnalysisFactory.create(
        status=Status.QUEUED, finished_at=None, model_version=None, attempt=3,
        due_at=timezone.now(),
    )  # fmt: skip
    assert submission.sweep() == 0
    assert Analysis.objects.get().error_code == "worker_lost"


def test_sweep_sends_again_what_waits_too_long(db: None, sent: list[UUID]) -> None:
    now = timezone.now()
    queued = {"status": Status.QUEUED, "finished_at": None, "model_version": None}
    old = AnalysisFactory.create(**queued, sent_at=now - timedelta(minutes=5), due_at=now)
    AnalysisFactory.create(**queued, sent_at=now, due_at=now)
    AnalysisFactory.create(**queued, sent_at=None, due_at=now + timedelta(minutes=1))
    AnalysisFactory.create()
    assert submission.sweep() == 1
    assert sent == [old.pk]
    # Just sent, so not again at once.
    assert submission.sweep() == 0


def test_while_the_broker_is_away_nothing_counts_as_sent(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that live would count as deaf otherwise, and be made anew again and again."""
    long_ago = timezone.now() - timedelta(minutes=5)
    waiting = {"status": Status.QUEUED, "finished_at": None, "model_version": None}
    for _ in range(3):
        AnalysisFactory.create(**waiting, sent_at=long_ago, due_at=long_ago)
    heartbeats.announce("some:1")
    assert liveness.stall() is not None
    monkeypatch.setattr(dispatch, "send", lambda *_: False)
    assert submission.sweep() == 0
    assert set(Analysis.objects.values_list("sent_at", flat=True)) == {None}
    assert liveness.stall() is None


def test_retry_is_for_failed_ones_only(
    owner: User, sent: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    done = AnalysisFactory.create(photo__owner=owner)
    failed = AnalysisFactory.create(
        photo__owner=owner, status=Status.FAILED, error_code="timed_out", model_version=None
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert not submission.retry(done)
        assert submission.retry(failed)
    assert sent == [failed.pk]
    failed.refresh_from_db()
    assert (failed.status, failed.error_code, failed.attempt) == (Status.QUEUED, "", 0)


def test_a_result_stands_until_another_takes_its_place(
    analysed: Analysis,
    owner: User,
    stranger: User,
    analyser: StubAnalyser,
    work_off: Callable[[], list[Analysis]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    ids = [analysed.photo_id]
    assert submission.analyse_again(stranger, ids) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert submission.analyse_again(owner, ids) == 1
        # It is under way now.
        assert submission.analyse_again(owner, ids) == 0
    assert analysis_selectors.analysis_of_photo(owner, analysed.photo_id) == analysed
    assert list(DailyEmotion.objects.values_list("emotion", "faces")) == [("happy", 1)]
    analyser.faces = [face(Emotion.SAD)]
    [again] = work_off()
    assert again.pk != analysed.pk
    assert not again.superseded
    assert analysis_selectors.analysis_of_photo(owner, analysed.photo_id) == again
    assert list(DailyEmotion.objects.values_list("emotion", "faces")) == [("sad", 1)]
    rollups.rebuild(owner)
    assert list(DailyEmotion.objects.values_list("emotion", "faces")) == [("sad", 1)]


def test_a_result_stands_where_analysing_again_fails(
    analysed: Analysis,
    owner: User,
    analyser: StubAnalyser,
    work_off: Callable[[], list[Analysis]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    def again() -> Analysis:
        with django_capture_on_commit_callbacks(execute=True):
            assert submission.analyse_again(owner, [analysed.photo_id]) == 1
        return work_off()[0]

    analyser.error = DetectorError("file_damaged", "It cannot be read any more.")
    first, second = again(), again()
    assert (first.status, second.status) == (Status.FAILED, Status.FAILED)
    assert analysis_selectors.analysis_of_photo(owner, analysed.photo_id) == analysed
    assert analysis_selectors.renewal_of(analysed) == second
    assert list(DailyEmotion.objects.values_list("emotion", "faces")) == [("happy", 1)]
    analyser.error = None
    with django_capture_on_commit_callbacks(execute=True):
        assert submission.retry(second)
    assert not submission.retry(first), "another is under way"
    [renewed] = work_off()
    assert renewed == second
    assert not submission.retry(first), "what counts now is newer"
    assert analysis_selectors.analysis_of_photo(owner, analysed.photo_id) == renewed
    assert analysis_selectors.renewal_of(renewed) is None


def test_a_photo_in_the_bin_that_was_analysed_again_counts_once_when_it_comes_back(
    analysed: Analysis,
    owner: User,
    analyser: StubAnalyser,
    work_off: Callable[[], list[Analysis]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        submission.analyse_again(owner, [analysed.photo_id])
    trash.discard(owner, [analysed.photo_id])
    analyser.faces = [face(Emotion.SAD)]
    work_off()
    assert not DailyEmotion.objects.exists()
    trash.restore(owner, [analysed.photo_id])
    assert list(DailyEmotion.objects.values_list("emotion", "faces")) == [("sad", 1)]


def test_analysing_again_tries_a_failed_one_again_and_leaves_the_bin_alone(
    owner: User, sent: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    failed = AnalysisFactory.create(
        photo__owner=owner, status=Status.FAILED, error_code="timed_out", model_version=None
    )
    binned = AnalysisFactory.create(photo__owner=owner, photo__deleted_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        assert submission.analyse_again(owner, [failed.photo_id, binned.photo_id]) == 1
    assert sent == [failed.pk]
    assert Analysis.objects.count() == 2
