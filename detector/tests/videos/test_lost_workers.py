"""Test that a video is analysed to its end, or fails with a code, whatever is lost."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.core.files.storage import default_storage

from detector.common import clock, leases
from detector.enums import Status
from detector.exceptions import DetectorError
from detector.models import ModelVersion, User, Video, VideoSegment, VideoStill
from detector.registry import promotion
from detector.tests.photos.test_orphans import stored
from detector.tests.videos.films import FilmAnalyser, film, work_off
from detector.videos import (
    erasure,
    linking,
    pipeline,
    queueing,
    segments,
    stills,
    submission,
    timeline,
)

PASSING = DetectorError("passing", "It may pass.", permanent=False)


def test_a_killed_worker_costs_one_segment(video: Video, watching: FilmAnalyser) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        if len(watching.numbers) == 7:
            raise Killed

    watching.before_answer = die
    pipeline.run_next()
    with pytest.raises(Killed):
        pipeline.run_next()
    watching.before_answer = lambda: None
    half = VideoSegment.objects.get(status=Status.RUNNING)
    VideoSegment.objects.filter(pk=half.pk).update(
        lease_expires_at=clock.now() - timedelta(seconds=1)
    )
    queueing.sweep()
    work_off(video)
    assert video.status == Status.DONE
    assert sorted(set(watching.numbers)) == list(range(0, 30, 2))
    assert len(watching.numbers) == 15 + 2
    assert [segment.attempt for segment in video.segments.all()] == [1, 2, 1]
    assert len(timeline.as_dict(video)["times"]) == 15


def test_a_worker_that_lost_its_lease_changes_nothing(video: Video, watching: FilmAnalyser) -> None:
    def overtaken() -> None:
        VideoSegment.objects.filter(status=Status.RUNNING).update(
            started_at=clock.now() + timedelta(seconds=9)
        )

    watching.before_answer = overtaken
    pipeline.run_next()
    first = video.segments.get(index=0)
    assert first.status == Status.RUNNING
    assert first.observations == []


def test_the_last_worker_may_die_before_it_links(video: Video) -> None:
    for _ in range(3):
        pipeline.run_next()
    video.refresh_from_db()
    assert video.status == Status.RUNNING
    queueing.sweep()
    video.refresh_from_db()
    assert video.status == Status.DONE
    assert linking.finish(video.pk) is False
    assert video.tracks.count() == 1


def test_two_workers_that_finish_at_once_leave_one_set_of_files(
    video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        pipeline.run_next()
    store: Callable[..., bool] = linking._store
    rounds: list[bool] = []

    def overtaken(*arguments: Any) -> bool:
        if not rounds:
            rounds.append(True)
            rounds.append(linking.finish(video.pk))
        return store(*arguments)

    monkeypatch.setattr(linking, "_store", overtaken)
    assert linking.finish(video.pk) is False
    assert rounds[1] is True
    video.refresh_from_db()
    pictures = set(VideoStill.objects.values_list("picture", flat=True))
    assert stored() == pictures | {str(video.file.name)}


def test_a_lost_file_is_stored_again_with_the_next_upload(video: Video, owner: User) -> None:
    default_storage.delete(str(video.file.name))
    assert work_off(video).error_code == "file_missing"
    again, is_new = submission.submit(owner, film())
    assert (again, is_new) == (video, False)
    assert work_off(again).status == Status.DONE
    pictures = VideoStill.objects.values_list("picture", flat=True)
    assert stored() == {str(again.file.name), *pictures}
    sizes = [still.picture.size for still in VideoStill.objects.all()]
    assert again.stored_bytes == again.file.size + sum(sizes)


def test_a_lost_file_counts_no_bytes_once_it_is_deleted(done: Video) -> None:
    default_storage.delete(str(done.file.name))
    erasure.delete_file(done)
    done.refresh_from_db()
    assert done.stored_bytes == sum(still.picture.size for still in done.stills.all()) > 0


def test_the_storage_is_not_asked_while_the_video_is_locked(video: Video) -> None:
    for _ in range(3):
        pipeline.run_next()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(default_storage, "size", mock.Mock(side_effect=OSError))
        assert linking.finish(video.pk)
    video.refresh_from_db()
    pictures = [still.picture.size for still in VideoStill.objects.all()]
    assert video.stored_bytes == video.file.size + sum(pictures)


def test_the_wish_to_forget_may_come_while_stills_are_stored(
    video: Video, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    for _ in range(3):
        pipeline.run_next()
    store: Callable[..., Any] = stills.store

    def wished(*arguments: Any) -> Any:
        Video.objects.update(forget=True)
        return store(*arguments)

    monkeypatch.setattr(stills, "store", wished)
    with django_capture_on_commit_callbacks(execute=True):
        assert not linking.finish(video.pk)
        assert linking.finish_stuck() == [video.pk]
    assert not VideoStill.objects.exists()
    assert not stored()


def test_a_worker_that_is_done_late_leaves_a_video_that_can_be_tried_again(
    video: Video, watching: FilmAnalyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep gives up its segment in the moment in which it is done after all."""
    pipeline.run_next()
    pipeline.run_next()
    claimed = VideoSegment.objects.filter(video=video, status=Status.QUEUED).get()
    claimed.started_at = clock.now()
    VideoSegment.objects.filter(pk=claimed.pk).update(
        status=Status.RUNNING,
        attempt=settings.ANALYSIS_MAX_ATTEMPTS,
        started_at=claimed.started_at,
        lease_expires_at=clock.now() - timedelta(seconds=1),
    )
    fail: Callable[..., bool] = segments.fail_video

    def done_meanwhile(*arguments: Any) -> bool:
        with suppress(leases.LeaseLostError):
            segments.complete(claimed, [], [], [])
        return fail(*arguments)

    monkeypatch.setattr(segments, "fail_video", done_meanwhile)
    segments.release_abandoned()
    video.refresh_from_db()
    if video.status == Status.FAILED:
        assert queueing.retry(video)
    assert work_off(video).status == Status.DONE


def test_an_error_that_may_pass_is_tried_again(video: Video, watching: FilmAnalyser) -> None:
    watching.error = PASSING
    pipeline.run_next()
    watching.error = None
    first = video.segments.get(index=0)
    assert (first.status, first.attempt) == (Status.QUEUED, 1)
    assert first.due_at > clock.now()


def test_a_lasting_error_fails_the_video_and_can_be_tried_again(
    video: Video, watching: FilmAnalyser
) -> None:
    pipeline.run_next()
    watching.error = DetectorError("lasting", "It will not pass.")
    pipeline.run_next()
    video.refresh_from_db()
    assert (video.status, video.error_code) == (Status.FAILED, "lasting")
    assert {segment.status for segment in video.segments.all()} == {Status.DONE, Status.FAILED}
    watching.error = None
    long_ago = clock.now() - timedelta(days=7)
    VideoSegment.objects.update(queued_at=long_ago)
    assert queueing.retry(video)
    # What is done once more waits from now on, as the queue's age says.
    waiting = VideoSegment.objects.filter(status=Status.QUEUED)
    assert waiting.exists()
    assert not waiting.filter(queued_at=long_ago).exists()
    assert work_off(video).status == Status.DONE
    assert watching.numbers == list(range(0, 30, 2))


def test_too_many_lost_workers_fail_the_video(video: Video) -> None:
    VideoSegment.objects.filter(index=0).update(attempt=settings.ANALYSIS_MAX_ATTEMPTS)
    queueing.sweep()
    video.refresh_from_db()
    assert video.error_code == leases.WORKER_LOST.code


def test_an_update_without_the_network_of_a_video_begins_it_anew(
    video: Video, watching: FilmAnalyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.run_next()
    earlier = ModelVersion.objects.get()
    watching.version, watching.sha256 = "next", "1" * 64
    watching.numbers.clear()
    monkeypatch.setattr(promotion, "is_withdrawn", lambda name: name == earlier.name)
    work_off(video)
    assert (video.status, str(video.model_version)) == (Status.DONE, "next")
    assert sorted(set(watching.numbers)) == list(range(0, 30, 2))
    assert video.frame_count == 15


def test_a_lost_file_fails_the_video(video: Video) -> None:
    default_storage.delete(str(video.file.name))
    pipeline.run_next()
    video.refresh_from_db()
    assert video.error_code == "file_missing"
