"""A video from upload to timeline."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import skimage.data
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from detector.common import clock
from detector.enums import Emotion, Source, Status
from detector.exceptions import DetectorError
from detector.models import Analysis, User, Video, VideoSegment
from detector.photos import images
from detector.tests.photos.test_orphans import stored
from detector.tests.videos.films import FilmAnalyser, film, person, submitted, work_off
from detector.videos import (
    decoding,
    files,
    pipeline,
    queueing,
    segments,
    submission,
    timeline,
    turns,
)
from ml.tests.videos import making
from ml.types import FaceAnalysis
from ml.videos import process, reading


def test_every_sampled_frame_is_analysed_once(done: Video, watching: FilmAnalyser) -> None:
    assert done.status == Status.DONE
    assert watching.numbers == list(range(0, 30, 2))
    assert done.frame_count == 15
    assert done.seconds_with_face == pytest.approx(3.0)
    assert done.model_version is not None


def test_a_person_is_one_track_through_all_segments(done: Video) -> None:
    (track,) = done.tracks.all()
    assert (track.start, track.end, track.sightings) == (0.0, 3.0, 15)
    assert track.emotion == Emotion.SAD
    assert track.summary["shares"]["sad"] == pytest.approx(2 / 3, abs=1e-3)
    assert track.summary["changes"] == 1
    assert [(band["start"], band["end"], band["emotion"]) for band in track.summary["bands"]] == [
        (0, 1, "happy"), (1, 3, "sad"),
    ]  # fmt: skip


def test_boxes_are_in_pixels_of_the_video_whatever_the_size_of_a_frame(
    video: Video, settings: Any
) -> None:
    settings.VIDEO_SIDE = 80
    (lane,) = timeline.lanes_of(work_off(video))
    first = lane.found[0]
    assert (video.width, first.x, first.y, first.width, first.height) == (160, 120, 80, 48, 60)
    assert first.emotion == "happy"


def test_in_a_slow_film_a_face_is_there_between_frames(owner: User, settings: Any) -> None:
    settings.VIDEO_SEGMENT_SECONDS = 5
    video = work_off(submission.submit(owner, film(1, rate=1))[0])
    (track,) = video.tracks.all()
    assert (video.rate, video.frame_count, track.end) == (1.0, 10, 10.0)
    assert (video.seconds_with_face, track.summary["seconds"]) == (10.0, 10.0)
    assert track.summary["gaps"] == []


def test_a_film_of_a_frame_in_three_seconds_has_tracks(owner: User, settings: Any) -> None:
    settings.VIDEO_SEGMENT_SECONDS = 15
    times = [3.0 * number for number in range(10)]
    video = work_off(submission.submit(owner, film(1, times=times))[0])
    (track,) = video.tracks.all()
    assert (video.frame_count, track.sightings) == (10, 10)
    assert track.end == video.duration == pytest.approx(27.1)


def test_a_single_picture_has_tracks_that_end_with_the_video(owner: User) -> None:
    content = making.video(making.shades(1), rate=25)
    upload = SimpleUploadedFile("moment.mp4", content, "video/mp4")
    video = work_off(submission.submit(owner, upload)[0])
    (track,) = video.tracks.all()
    assert video.frame_count == 1
    assert video.duration == pytest.approx(0.04)
    assert (track.start, track.end, track.sightings) == (0.0, video.duration, 1)
    assert video.seconds_with_face == track.summary["seconds"] == video.duration
    assert video.stills.filter(track=track).count() == 1


def test_in_a_slow_film_each_person_has_pictures(
    owner: User, watching: FilmAnalyser, settings: Any
) -> None:
    settings.VIDEO_SEGMENT_SECONDS = 15
    watching.scene = lambda number: [person(10.0), person(110.0)]
    times = [6.0 * number for number in range(10)]
    video = work_off(submission.submit(owner, film(1, times=times))[0])
    assert [track.stills.count() for track in video.tracks.all()] == [1, 1]


def test_peaks_have_pictures(done: Video) -> None:
    stills = done.stills.all()
    assert {still.emotion for still in stills if still.track} == {"happy", "sad"}
    assert sum(still.track is None for still in stills) == 3
    assert all(default_storage.exists(str(still.picture.name)) for still in stills)
    assert not any(segment.pictures for segment in done.segments.all())
    assert done.stored_bytes == sum(still.picture.size for still in stills) + done.file.size


def test_two_people_who_cross_keep_their_tracks(owner: User, watching: FilmAnalyser) -> None:
    def scene(number: int) -> list[FaceAnalysis]:
        happy = person(10.0 + 4 * number, Emotion.HAPPY)
        sad = person(126.0 - 4 * number, Emotion.SAD)
        return [happy] if abs(happy.box.x - sad.box.x) < 12 else [happy, sad]

    watching.scene = scene
    video = work_off(submitted(owner))
    assert [track.emotion for track in video.tracks.all()] == ["happy", "sad"]
    for lane in timeline.lanes_of(video):
        assert {each.emotion for each in lane.found} == {lane.track.emotion}


@pytest.mark.parametrize(("cut", "goes_on"), [(8, True), (10, True), (10, False)])
def test_who_comes_after_a_cut_is_another_person(
    owner: User, watching: FilmAnalyser, settings: Any, cut: int, goes_on: bool
) -> None:
    """The second segment begins with frame 10: its first frame is compared, too.

    One worker goes on with what it saw last; another one decodes the frame before.
    """
    settings.VIDEO_SEGMENT_SECONDS = 1
    shots = [skimage.data.astronaut(), skimage.data.coffee()]
    frames = [np.ascontiguousarray(shots[number >= cut][:120, :160]) for number in range(20)]
    watching.scene = lambda number: [person(40.0, Emotion.HAPPY)]
    file = SimpleUploadedFile("cut.mp4", making.video(frames))
    video = submission.submit(owner, file)[0]
    pipeline.run_next()
    if not goes_on:
        decoding.drop()
    work_off(video)
    first, second = video.tracks.order_by("index")
    assert first.end == second.start == pytest.approx(cut / 10)


def test_a_video_without_a_face_has_no_track(owner: User, watching: FilmAnalyser) -> None:
    watching.scene = lambda number: []
    video = work_off(submitted(owner, 1))
    assert video.status == Status.DONE
    assert not video.tracks.exists()
    assert video.seconds_with_face == 0


def test_the_length_of_segments_changes_nothing(
    owner: User, done: Video, watching: FilmAnalyser, settings: Any
) -> None:
    settings.VIDEO_SEGMENT_SECONDS = 2
    whole = timeline.as_dict(done)
    done.delete()
    again = timeline.as_dict(work_off(submitted(owner)))
    assert {**whole, "video": ""} == {**again, "video": ""}


def test_spans_begin_and_end_with_slots(settings: Any) -> None:
    settings.VIDEO_SEGMENT_SECONDS = 10
    assert segments.spans(3.0000000000000004, 5) == [(0, 3)]
    assert segments.spans(25.1, 5) == [(0, 10), (10, 20), (20, 25.2)]
    assert segments.spans(0.04, 5) == [(0, 0.2)]


def test_a_photo_goes_first(
    owner: User,
    video: Video,
    video_sent: list[UUID],
    picture: Callable[..., SimpleUploadedFile],
    watching: FilmAnalyser,
) -> None:
    from detector.analyses import submission as photos

    photos.submit(owner, [picture()], Source.WEB)
    watching.scene = lambda number: [person(10.0)]
    first = video.segments.get(index=0)
    turns.take(first.pk)
    assert Analysis.objects.get().status == Status.DONE
    assert not video.segments.exclude(status=Status.QUEUED).exists()
    assert video_sent == [first.pk]
    turns.take(first.pk)
    assert video.segments.filter(status=Status.DONE).count() == 1


def test_owners_take_turns(owner: User, stranger: User) -> None:
    long = submitted(owner, 3)
    short = submitted(stranger, 1)
    order = [pipeline.run_next() for _ in range(4)]
    assert order == [long.pk, short.pk, long.pk, long.pk]


@pytest.mark.usefixtures("video")
def test_as_many_messages_go_out_as_workers_may_share_a_video(
    owner: User, video_sent: list[UUID], settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.VIDEO_WORKERS = 2
    Video.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        video = submitted(owner)
    assert video_sent == list(video.segments.values_list("pk", flat=True)[:2])
    turns.take(video_sent[0])
    assert len(video_sent) == 3
    queueing.sweep()
    assert len(video_sent) == 3
    VideoSegment.objects.update(sent_at=clock.now() - timedelta(minutes=1))
    assert queueing.sweep() == 2


@pytest.mark.parametrize("name", making.BAD)
def test_a_bad_video_leaves_nothing_behind(owner: User, name: str) -> None:
    make, code = making.BAD[name]
    with pytest.raises(DetectorError) as caught:
        submission.submit(owner, SimpleUploadedFile("bad.mp4", make()))
    assert caught.value.code == code
    assert not Video.objects.exists()
    assert not stored()


@pytest.mark.usefixtures("real_process")
def test_a_process_of_its_own_reads_the_file(owner: User, watching: FilmAnalyser) -> None:
    video = work_off(submitted(owner, 1))
    assert video.status == Status.DONE
    assert watching.numbers == [0, 2, 4, 6, 8]


def test_checks_of_videos_keep_no_photo_waiting(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "PATIENCE_SECONDS", 0)
    check = reading.inspect

    def inspect(file: Any, limits: Any) -> Any:
        with images.decoding_slot(), images.decoding_slot():
            return check(file, limits)

    monkeypatch.setattr(process, "inspect", inspect)
    with files.place_to_check():
        submitted(owner, 1)
        with files.place_to_check(), pytest.raises(DetectorError) as caught:
            submitted(owner, 2)
    assert (caught.value.code, caught.value.permanent) == ("busy", False)


def test_a_known_file_is_not_stored_twice(owner: User, stranger: User, done: Video) -> None:
    again, is_new = submission.submit(owner, film())
    assert (again, is_new) == (done, False)
    assert submission.submit(stranger, film())[1] is True


def test_the_quota_is_kept(owner: User, settings: Any) -> None:
    settings.QUOTA_BYTES = 100
    with pytest.raises(DetectorError) as caught:
        submitted(owner)
    assert caught.value.code == "quota_exceeded"
    assert not Video.objects.exists()
    assert not stored()
