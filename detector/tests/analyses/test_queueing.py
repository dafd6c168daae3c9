"""Queueing: retries, renewals and sweeps."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from detector.analyses import queueing
from detector.analyses import selectors as analysis_selectors
from detector.common import clock, dispatch
from detector.enums import Emotion, Status
from detector.exceptions import DetectorError
from detector.insights import rollups
from detector.models import Analysis, DailyEmotion, User
from detector.operations import heartbeats, liveness
from detector.photos import trash
from detector.tests.factories import AnalysisFactory
from detector.tests.stub_analyser import StubAnalyser, face


@pytest.fixture
def analyse_again(
    analysed: Analysis, owner: User, django_capture_on_commit_callbacks: Any
) -> Callable[[], int]:
    """Queues another analysis of the photo; returns how many were queued."""

    def queue() -> int:
        with django_capture_on_commit_callbacks(execute=True):
            return queueing.analyse_again(owner, [analysed.photo_id])

    return queue


def test_sweep_gives_up_what_was_tried_too_often(db: None, settings: Any) -> None:
    settings.ANALYSIS_MAX_ATTEMPTS = 3
    AnalysisFactory.create(
        status=Status.QUEUED, finished_at=None, model_version=None, attempt=3,
        due_at=timezone.now(),
    )  # fmt: skip
    assert queueing.sweep() == 0
    assert Analysis.objects.get().error_code == "worker_lost"


def test_sweep_sends_again_what_waits_too_long(db: None, sent: list[UUID]) -> None:
    now = timezone.now()
    queued = {"status": Status.QUEUED, "finished_at": None, "model_version": None}
    old = AnalysisFactory.create(**queued, sent_at=now - timedelta(minutes=5), due_at=now)
    AnalysisFactory.create(**queued, sent_at=now, due_at=now)
    AnalysisFactory.create(**queued, sent_at=None, due_at=now + timedelta(minutes=1))
    AnalysisFactory.create()
    assert queueing.sweep() == 1
    assert sent == [old.pk]
    # Just sent, so not again at once.
    assert queueing.sweep() == 0


def test_no_message_is_sent_for_which_others_wait(
    db: None, sent: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that is slow for minutes must not grow a queue of thousands of messages."""
    long_ago = timezone.now() - timedelta(minutes=5)
    waiting = {"status": Status.QUEUED, "finished_at": None, "model_version": None}
    for sent_at in (long_ago, long_ago, None):
        AnalysisFactory.create(**waiting, sent_at=sent_at, due_at=long_ago)
    in_queue = {"n": 2}
    monkeypatch.setattr(dispatch, "number_in_queue", lambda task: in_queue["n"])
    assert queueing.sweep() == len(sent) == 1
    # Those that were sent or have a message: workers who take none of them are stuck.
    assert not Analysis.objects.filter(sent_at=None).exists()
    Analysis.objects.update(sent_at=long_ago)
    in_queue["n"] = 4
    assert queueing.sweep() == 0
    Analysis.objects.update(sent_at=long_ago)
    in_queue["n"] = 0
    assert queueing.sweep() == 3


def test_while_the_broker_is_away_nothing_counts_as_sent(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise live workers would count as stalled and be restarted again and again."""
    long_ago = timezone.now() - timedelta(minutes=5)
    waiting = {"status": Status.QUEUED, "finished_at": None, "model_version": None}
    for _ in range(3):
        AnalysisFactory.create(**waiting, sent_at=long_ago, due_at=long_ago)
    heartbeats.announce("some:1")
    assert liveness.stall() is not None
    monkeypatch.setattr(dispatch, "send", lambda *_: False)
    assert queueing.sweep() == 0
    assert set(Analysis.objects.values_list("sent_at", flat=True)) == {None}
    assert liveness.stall() is None


def test_retry_is_for_failed_ones_only(
    owner: User, sent: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    done = AnalysisFactory.create(photo__owner=owner)
    failed = AnalysisFactory.create(
        photo__owner=owner, status=Status.FAILED, error_code="timed_out", model_version=None
    )
    Analysis.objects.filter(pk=failed.pk).update(queued_at=clock.now() - timedelta(days=7))
    with django_capture_on_commit_callbacks(execute=True):
        assert not queueing.retry(done)
        assert queueing.retry(failed)
    assert sent == [failed.pk]
    failed.refresh_from_db()
    assert (failed.status, failed.error_code, failed.attempt) == (Status.QUEUED, "", 0)
    # It waits from now on, as the queue's age says.
    assert clock.now() - failed.queued_at < timedelta(minutes=1)


def test_a_result_stands_until_another_takes_its_place(
    analysed: Analysis,
    owner: User,
    stranger: User,
    analyser: StubAnalyser,
    work_off: Callable[[], list[Analysis]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    ids = [analysed.photo_id]
    assert queueing.analyse_again(stranger, ids) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert queueing.analyse_again(owner, ids) == 1
        # It is under way now.
        assert queueing.analyse_again(owner, ids) == 0
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
    analyse_again: Callable[[], int],
    django_capture_on_commit_callbacks: Any,
) -> None:
    def again() -> Analysis:
        assert analyse_again() == 1
        return work_off()[0]

    analyser.error = DetectorError("file_damaged", "It cannot be read any more.")
    first, second = again(), again()
    assert (first.status, second.status) == (Status.FAILED, Status.FAILED)
    assert analysis_selectors.analysis_of_photo(owner, analysed.photo_id) == analysed
    assert analysis_selectors.renewal_of(analysed) == second
    assert list(DailyEmotion.objects.values_list("emotion", "faces")) == [("happy", 1)]
    analyser.error = None
    with django_capture_on_commit_callbacks(execute=True):
        assert queueing.retry(second)
    assert not queueing.retry(first), "another is under way"
    [renewed] = work_off()
    assert renewed == second
    assert not queueing.retry(first), "what counts now is newer"
    assert analysis_selectors.analysis_of_photo(owner, analysed.photo_id) == renewed
    assert analysis_selectors.renewal_of(renewed) is None


def test_a_photo_in_the_bin_that_was_analysed_again_counts_once_when_it_comes_back(
    analysed: Analysis,
    analyser: StubAnalyser,
    work_off: Callable[[], list[Analysis]],
    analyse_again: Callable[[], int],
) -> None:
    analyse_again()
    trash.discard(analysed.owner, [analysed.photo_id])
    analyser.faces = [face(Emotion.SAD)]
    work_off()
    assert not DailyEmotion.objects.exists()
    trash.restore(analysed.owner, [analysed.photo_id])
    assert list(DailyEmotion.objects.values_list("emotion", "faces")) == [("sad", 1)]


def test_analysing_again_tries_a_failed_one_again_and_leaves_the_bin_alone(
    owner: User, sent: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    failed = AnalysisFactory.create(
        photo__owner=owner, status=Status.FAILED, error_code="timed_out", model_version=None
    )
    binned = AnalysisFactory.create(photo__owner=owner, photo__deleted_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        assert queueing.analyse_again(owner, [failed.photo_id, binned.photo_id]) == 1
    assert sent == [failed.pk]
    assert Analysis.objects.count() == 2
