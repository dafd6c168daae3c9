"""Bin, erasure, retention, orphans and webhooks of videos."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from pytest_django.fixtures import Settings

from detector.common import clock
from detector.enums import Event, Status
from detector.exceptions import DetectorError
from detector.models import User, Video, VideoSegment, VideoStill, VideoTrack, WebhookDelivery
from detector.photos import erasure as photo_erasure
from detector.photos import orphans
from detector.photos import selectors as photo_selectors
from detector.tests.factories import WebhookEndpointFactory
from detector.tests.photos.test_orphans import age, stored
from detector.tests.videos.films import FilmAnalyser, film, submitted, work_off
from detector.videos import (
    erasure,
    linking,
    pipeline,
    segments,
    selectors,
    submission,
    timeline,
    trash,
)
from detector.webhooks import endpoints
from detector.webhooks import selectors as webhook_selectors

MODELS = (Video, VideoSegment, VideoTrack, VideoStill)


def nothing_left() -> bool:
    return not any(model._default_manager.exists() for model in MODELS) and not stored()


def test_a_deleted_video_can_be_restored(owner: User, stranger: User, done: Video) -> None:
    assert trash.discard(stranger, [done.pk]) == 0
    assert trash.discard(owner, [done.pk]) == 1
    assert selectors.video_of(owner, done.pk) is None
    assert list(selectors.trash_of(owner)) == [done]
    assert trash.restore(owner, [done.pk]) == 1
    assert selectors.video_of(owner, done.pk) == done


def test_a_video_is_analysed_in_the_bin(owner: User, video: Video) -> None:
    trash.discard(owner, [video.pk])
    assert work_off(video).status == Status.DONE


def test_the_same_file_comes_back_from_the_bin(owner: User, done: Video) -> None:
    trash.discard(owner, [done.pk])
    assert submission.submit(owner, film()) == (done, False)
    assert selectors.video_of(owner, done.pk) == done


def test_the_bin_is_emptied(
    owner: User, done: Video, django_capture_on_commit_callbacks: Any
) -> None:
    trash.discard(owner, [done.pk])
    with django_capture_on_commit_callbacks(execute=True):
        assert trash.empty(clock.now() - timedelta(days=1)) == 0
        assert trash.empty_of(owner) == 1
    assert nothing_left()


def test_an_erased_video_leaves_nothing(
    done: Video, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        erasure.delete_video(done)
    assert nothing_left()


def test_a_video_erased_while_it_is_analysed_leaves_nothing(
    video: Video, watching: FilmAnalyser, django_capture_on_commit_callbacks: Any
) -> None:
    watching.before_answer = lambda: erasure.delete_video(video)
    with django_capture_on_commit_callbacks(execute=True):
        from detector.videos import pipeline

        pipeline.run_next()
    assert nothing_left()


def test_an_erased_account_takes_its_videos_along(
    owner: User, done: Video, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        photo_erasure.delete_account(owner)
    assert nothing_left()


@pytest.mark.usefixtures("done")
def test_the_retention_time_counts_for_videos(
    owner: User, django_capture_on_commit_callbacks: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    owner.keep_photos_days = 30
    owner.save()
    assert erasure.erase_outlived(clock.now()) == 0
    Video.objects.update(uploaded_at=clock.now() - timedelta(days=31))
    with django_capture_on_commit_callbacks(execute=True):
        call_command("purge_expired")
    assert capsys.readouterr().out == "0 photos, 1 videos and 0 live sessions erased\n"
    assert nothing_left()


def test_the_timeline_can_be_kept_without_the_video(
    done: Video, django_capture_on_commit_callbacks: Any
) -> None:
    before = timeline.as_dict(done)
    size = done.file.size
    with django_capture_on_commit_callbacks(execute=True):
        erasure.delete_file(done)
    kept = Video.objects.get()
    assert not kept.file
    assert kept.stored_bytes == done.stored_bytes - size
    assert timeline.as_dict(kept) == before
    assert stored() == set(VideoStill.objects.values_list("picture", flat=True))
    with django_capture_on_commit_callbacks(execute=True):
        erasure.delete_file(kept, stills=True)
    assert not stored()
    kept.refresh_from_db()
    assert kept.stored_bytes == 0


def test_with_the_file_of_a_failed_video_its_pictures_go(
    video: Video, watching: FilmAnalyser
) -> None:
    pipeline.run_next()
    watching.error = DetectorError("lasting", "It will not pass.")
    pipeline.run_next()
    assert video.segments.get(index=0).pictures
    video.refresh_from_db()
    erasure.delete_file(video, stills=True)
    assert not any(segment.pictures for segment in video.segments.all())


def test_a_file_in_the_bin_goes_where_the_timeline_alone_is_wanted_now(
    owner: User, done: Video, django_capture_on_commit_callbacks: Any
) -> None:
    trash.discard(owner, [done.pk])
    with django_capture_on_commit_callbacks(execute=True):
        again, is_new = submission.submit(owner, film(), forget=True)
    assert (again, is_new, again.deleted_at, again.file.name) == (done, False, None, "")
    assert not stored()


def test_the_file_is_needed_until_the_end(video: Video) -> None:
    with pytest.raises(DetectorError) as caught:
        erasure.delete_file(video)
    assert caught.value.code == "not_finished"
    assert default_storage.exists(str(video.file.name))


def test_a_deleted_file_that_comes_again_is_stored_within_the_quota(
    owner: User, done: Video, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        erasure.delete_file(done)
    left = stored()
    settings.QUOTA_BYTES = Video.objects.get().stored_bytes + 1
    with pytest.raises(DetectorError, match="more than the"):
        submission.submit(owner, film())
    assert stored() == left
    settings.QUOTA_BYTES = 2**30
    again, is_new = submission.submit(owner, film())
    assert (again, is_new) == (done, False)
    assert again.status == Status.DONE
    assert default_storage.exists(str(again.file.name))


def test_orphans_are_removed_and_files_of_videos_stay(done: Video) -> None:
    kept = stored()
    for folder in ("videos", "stills"):
        default_storage.save(f"{folder}/ab/left-behind", ContentFile(b"x"))
    age(hours=2)
    assert orphans.remove_orphans() == 2
    assert stored() == kept


def test_videos_count_in_the_usage(owner: User, done: Video) -> None:
    usage = photo_selectors.usage(owner)
    assert (usage.photos, usage.videos, usage.bytes) == (0, 1, done.stored_bytes)


def test_seconds_of_video_are_counted_apart(owner: User, stranger: User, done: Video) -> None:
    submitted(stranger)
    assert selectors.watched(owner) == selectors.Watched(1, done.duration, 3.0)
    trash.discard(owner, [done.pk])
    assert selectors.watched(owner) == selectors.Watched(0, 0.0, 0.0)


def test_webhooks_tell_of_videos(
    owner: User, video: Video, watching: FilmAnalyser, deliver_sent: list[Any]
) -> None:
    WebhookEndpointFactory.create(owner=owner)
    WebhookEndpointFactory.create()
    work_off(video)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.event, delivery.video) == (Event.VIDEO_DONE, video)
    told = json.loads(delivery.payload)
    assert told["type"] == "video.done"
    assert told["data"]["id"] == str(video.pk)
    assert told["data"]["track_count"] == 1
    assert deliver_sent == [delivery.pk]
    assert endpoints.send_again(delivery).video == video


def test_webhooks_tell_of_failures_and_wait_in_the_bin(
    owner: User, video: Video, watching: FilmAnalyser
) -> None:
    endpoint = WebhookEndpointFactory.create(owner=owner)
    watching.error = DetectorError("lasting", "It will not pass.")
    work_off(video)
    delivery = WebhookDelivery.objects.get()
    assert delivery.event == Event.VIDEO_FAILED
    assert json.loads(delivery.payload)["data"]["error"]["code"] == "lasting"
    trash.discard(owner, [video.pk])
    assert not webhook_selectors.deliveries_of(owner, endpoint.pk).exists()
    assert endpoints.waiting_of(video.pk) == []


def test_progress_is_that_of_the_segments(owner: User, video: Video) -> None:
    from detector.videos import pipeline

    def progress() -> selectors.Progress:
        found = selectors.video_of(owner, video.pk)
        assert found is not None
        return selectors.progress_of(found)

    assert progress() == selectors.Progress(0, None)
    pipeline.run_next()
    Video.objects.update(started_at=clock.now() - timedelta(seconds=10))
    assert progress() == selectors.Progress(33, 20)
    work_off(video)
    assert progress() == selectors.Progress(100, 0)


@pytest.mark.usefixtures("watching")
def test_pictures_that_were_cut_before_the_wish_to_forget_are_dropped(
    owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    video = submitted(owner)
    while pipeline.run_next():
        pass
    assert any(segment.pictures for segment in VideoSegment.objects.all())
    Video.objects.update(forget=True)
    with django_capture_on_commit_callbacks(execute=True):
        assert linking.finish(video.pk)
    assert not VideoStill.objects.exists()
    assert not stored()


def test_of_a_video_to_forget_the_timeline_alone_is_kept(
    owner: User, watching: FilmAnalyser, django_capture_on_commit_callbacks: Any
) -> None:
    owner.forget_pictures = True
    with django_capture_on_commit_callbacks(execute=True):
        video = submission.submit(owner, film())[0]
        done = work_off(video)
    assert (done.status, done.file.name, done.stored_bytes) == (Status.DONE, "", 0)
    assert done.tracks.count() == 1
    assert not VideoStill.objects.exists()
    assert not stored()
    # The same film again is known; with its file only where that is wanted now.
    assert submission.submit(owner, film())[0].file.name == ""
    assert submission.submit(owner, film(), forget=False)[0].file.name != ""
    # What fails is forgotten, too, and can be sent again.
    watching.error = DetectorError("corrupt_video", "Damaged.")
    with django_capture_on_commit_callbacks(execute=True):
        failed = work_off(submission.submit(owner, film(2))[0])
    assert (failed.status, failed.file.name) == (Status.FAILED, "")
    assert not segments.retry(failed)
    watching.error = None
    with django_capture_on_commit_callbacks(execute=True):
        again = work_off(submission.submit(owner, film(2))[0])
    assert (again, again.status, again.file.name) == (failed, Status.DONE, "")
