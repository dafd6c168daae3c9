"""The figures of the dashboard, against figures computed in another way."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from detector.enums import Emotion, ModelStatus, Status
from detector.models import Analysis, ModelVersion
from detector.operations import monitoring
from detector.tests.factories import (
    AnalysisFactory,
    FaceFactory,
    ModelVersionFactory,
    VideoFactory,
    with_timeline,
)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def model(db: None) -> ModelVersion:
    return ModelVersionFactory.create(name="active", sha256="a" * 64, status=ModelStatus.ACTIVE)


def _ended(now: datetime, **more: object) -> Analysis:
    return AnalysisFactory.create(**{"finished_at": now - timedelta(minutes=1), **more})


@pytest.mark.django_db
def test_the_queue(now: datetime) -> None:
    assert monitoring.queue() == monitoring.Queue(0, 0, None)
    open_ = {"finished_at": None, "model_version": None}
    AnalysisFactory.create(status=Status.QUEUED, queued_at=now, **open_)
    old = now - timedelta(hours=2)
    AnalysisFactory.create(status=Status.RUNNING, queued_at=old, lease_expires_at=now, **open_)
    assert monitoring.queue() == monitoring.Queue(1, 1, old)


@pytest.mark.django_db
def test_throughput_and_failures(now: datetime) -> None:
    failed = {"status": Status.FAILED, "model_version": None}
    for code in ("no_decoder", "timed_out", "timed_out"):
        _ended(now, error_code=code, **failed)
    _ended(now)
    _ended(now, finished_at=now - timedelta(days=2))
    _ended(now, finished_at=now - timedelta(days=8), error_code="old", **failed)
    # The page is shown in the time zone of its reader, here half an hour off.
    with timezone.override("Asia/Kolkata"):
        hours = monitoring.throughput(now)
    assert len(hours) == monitoring.THROUGHPUT_HOURS
    assert (sum(h.done for h in hours), sum(h.failed for h in hours)) == (1, 3)
    assert sum(h.done + h.failed for h in hours[:-2]) == 0
    assert monitoring.failures(now) == [("timed_out", 2), ("no_decoder", 1)]


@pytest.mark.django_db
def test_videos_under_way_and_ended(now: datetime) -> None:
    open_ = {"finished_at": None}
    VideoFactory.create(status=Status.QUEUED, **open_)
    running = with_timeline(VideoFactory.create(status=Status.RUNNING, **open_))
    running.segments.update(status=Status.QUEUED)
    failed = {"status": Status.FAILED, "error_message": "It took too long."}
    VideoFactory.create(finished_at=now, error_code="timed_out", **failed)
    VideoFactory.create(finished_at=now - timedelta(days=2), error_code="timed_out", **failed)
    VideoFactory.create(finished_at=now - timedelta(days=8), error_code="old", **failed)
    VideoFactory.create(finished_at=now)
    assert monitoring.videos(now) == monitoring.Videos(1, 1, 1, 1, 1, [("timed_out", 2)])


def test_accuracy_on_what_people_named(model: ModelVersion, now: datetime) -> None:
    assert monitoring.accuracy(model, now) is None
    analysis = _ended(now, model_version=model)
    for index, said in enumerate(["happy", "happy", "sad", "not_a_face", "cannot_tell", ""]):
        FaceFactory.create(analysis=analysis, index=index, reviewed_emotion=said)
    FaceFactory.create(analysis=_ended(now), reviewed_emotion="sad")
    right = monitoring.accuracy(model, now)
    assert right is not None
    assert right.n == 3
    figures = (right.value, right.low, right.high)
    assert figures == pytest.approx((2 / 3, 0.2077, 0.9385), abs=1e-4)


@pytest.mark.parametrize(("faces", "words"), [(3, "Too few to say: n = 3"), (10, "n = 10, 95 %")])
def test_few_named_faces_make_no_figure(
    admin_client: Client, now: datetime, faces: int, words: str
) -> None:
    active = ModelVersionFactory.create(name="active", sha256="1" * 64, status=ModelStatus.ACTIVE)
    analysis = _ended(timezone.now(), model_version=active)
    for index in range(faces):
        FaceFactory.create(analysis=analysis, index=index, reviewed_emotion="sad")
    page = " ".join(admin_client.get("/admin/").content.decode().split())
    assert words in page
    assert ('<p class="dash-figure">0 %</p>' in page) == (faces == 10)


def test_drift(model: ModelVersion, now: datetime) -> None:
    late = _ended(now, model_version=model)
    before = _ended(now, model_version=model, finished_at=now - timedelta(days=10))
    for analysis, happy in ((late, 40), (before, 100)):
        for index in range(120):
            emotion = Emotion.HAPPY if index < happy else Emotion.SAD
            sure = 1.0 if index < happy else 0.55
            FaceFactory.create(analysis=analysis, index=index, emotion=emotion, confidence=sure)
    emotions, confidence = monitoring.drift(model, now)
    assert (emotions.recent[3], emotions.recent[4]) == (40, 80)
    assert (confidence.reference[9], confidence.reference[5]) == (100, 20)
    late_counts, before_counts = np.array([emotions.recent, emotions.reference]) + 0.5
    p, q = late_counts / late_counts.sum(), before_counts / before_counts.sum()
    assert emotions.index == pytest.approx(float(((p - q) * np.log(p / q)).sum()))
    assert emotions.verdict == confidence.verdict == "large"
    assert monitoring.Drift([100, 50], [200, 100]).verdict == "stable"
    assert monitoring.Drift([99], [1000]).index is None


def test_the_dashboard(staff: Client, model: ModelVersion, now: datetime) -> None:
    _ended(now, status=Status.FAILED, error_code="timed_out", model_version=None)
    FaceFactory.create(analysis=_ended(now, model_version=model), reviewed_emotion="happy")
    failed = {"status": Status.FAILED, "error_message": "Gone."}
    VideoFactory.create(finished_at=now, error_code="file_missing", **failed)
    text = staff.get("/admin/").content.decode()
    for expected in (
        "timed_out",
        "Too few to say",
        "Too few faces",
        "Audit log",
        "?error_code=file_missing",
        "0 running, 0 segments to do; 0 finished and 1 failed in 24 hours",
    ):
        assert expected in text
