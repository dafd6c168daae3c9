"""Which segment a worker takes, and how it goes on from one to the next."""

from typing import Any

import pytest

from detector.enums import Status
from detector.models import User, Video, VideoSegment
from detector.tests.videos.films import FilmAnalyser, submitted, work_off
from detector.videos import decoding, files, line, pipeline, queueing, stretches
from detector.videos.stretches import Place
from ml.videos.process import DecoderEndedError

STATES = {"q": Status.QUEUED, "r": Status.RUNNING, "d": Status.DONE, "f": Status.FAILED}


@pytest.mark.parametrize(
    ("states", "after", "chosen"),
    [
        ("qqqq", None, 0),
        ("dqqq", 0, 1),
        ("rqqqqqq", None, 4),
        ("rqqqrqq", None, 2),
        ("rq", None, 1),
        ("dqrqq", None, 4),
        ("drdqq", 0, 3),
        ("rrqq", 0, 3),
        ("qqdr", 3, 0),
        ("dfr", 1, None),
        ("", None, None),
    ],
)
def test_each_worker_has_a_stretch_of_its_own(
    states: str, after: int | None, chosen: int | None
) -> None:
    assert stretches.choose([STATES[state] for state in states], after) == chosen


def claim(segment: VideoSegment) -> None:
    claimed = {"status": Status.RUNNING, "lease_expires_at": segment.due_at}
    VideoSegment.objects.filter(pk=segment.pk).update(**claimed)


def test_two_workers_share_a_video_without_meeting(owner: User) -> None:
    video = submitted(owner, 6)
    places: list[Place | None] = [None, None]
    taken: list[list[int]] = [[], []]
    for number in [0, 1, 1, 0, 0, 1]:
        segment = line.next_due(places[number])
        assert segment is not None
        claim(segment)
        line.pass_turn_of(segment)
        waiting = video.segments.filter(status=Status.QUEUED).order_by("turn")
        # Turns go on as if the segments were taken in their order.
        assert [row.turn for row in waiting] == list(range(sum(map(len, taken)) + 1, 6))
        places[number] = Place(video.pk, segment.index)
        taken[number].append(segment.index)
    assert taken == [[0, 1, 2], [3, 4, 5]]


def test_a_message_is_left_for_each_segment_that_was_asked_for(owner: User) -> None:
    video = submitted(owner, 3)
    queueing.sweep()
    video.segments.filter(index=2).update(sent_at=None)
    last = Place(video.pk, 1)
    claimed = line.next_due(last)
    assert claimed is not None
    assert claimed.index == 2
    video.segments.filter(pk=claimed.pk).update(
        status=Status.RUNNING, lease_expires_at=claimed.due_at
    )
    line.pass_turn_of(claimed)
    assert [row.sent_at is None for row in video.segments.order_by("index")[:2]] == [True, False]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Video]:
    """Note the videos for which a decoder is started."""
    videos: list[Video] = []
    start = files.decoder

    def noted(video: Video) -> Any:
        videos.append(video)
        return start(video)

    monkeypatch.setattr(files, "decoder", noted)
    return videos


def test_a_worker_goes_on_with_one_decoder(
    video: Video, started: list[Video], watching: FilmAnalyser
) -> None:
    work_off(video)
    assert len(started) == 1
    assert watching.numbers == list(range(0, 30, 2))
    assert decoding.last_place() is None


def test_a_decoder_that_has_ended_is_started_again(
    video: Video, started: list[Video], watching: FilmAnalyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.run_next()

    def ended(*_: float) -> None:
        raise DecoderEndedError

    monkeypatch.setattr(decoding._kept[0].decoder, "frames", ended)
    work_off(video)
    assert len(started) == 2
    assert watching.numbers == list(range(0, 30, 2))


def test_a_decoder_is_not_kept_after_an_error(video: Video, watching: FilmAnalyser) -> None:
    pipeline.run_next()
    assert decoding.last_place() == (video.pk, 0)
    watching.error = RuntimeError("broken")
    pipeline.run_next()
    assert decoding.last_place() is None
