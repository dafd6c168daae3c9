"""Timelines, corrections and exports of videos."""

import csv
import io
import json
from math import inf, nan

import pytest

from detector.common import clock
from detector.enums import Emotion
from detector.exceptions import DetectorError
from detector.models import User, Video, VideoCorrection, VideoTrack
from detector.tests.videos.films import FilmAnalyser, one_person, person, submitted, work_off
from detector.videos import corrections, export, observations, summaries, timeline
from ml.types import FaceAnalysis


def track_of(video: Video) -> VideoTrack:
    return VideoTrack.objects.get(video=video)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_timeline_holds_what_the_network_said(done: Video) -> None:
    told = timeline.as_dict(done)
    frames = told["tracks"][0]["frames"]
    assert told["times"] == frames["times"] == [round(n / 5, 3) for n in range(15)]
    assert told["emotions"] == [emotion.value for emotion in Emotion]
    for place, number in enumerate(range(0, 30, 2)):
        (face,) = one_person(number)
        assert frames["boxes"][place] == [face.box.x, face.box.y, face.box.width, face.box.height]
        assert frames["emotions"][place] == face.emotion
        assert frames["probabilities"][place] == pytest.approx(list(face.probabilities.values()))


def test_a_stored_face_loses_nothing_of_32_bits() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    for row in rng.random((50, 7), np.float32):
        told = dict(zip(observations.EMOTIONS, map(float, row), strict=True))
        values = observations.stored(person(1.0, probabilities=told))
        assert np.array_equal(np.array(values[6:], np.float32), row)


def test_gaps_and_doubt_are_in_the_summary(owner: User, watching: FilmAnalyser) -> None:
    def scene(number: int) -> list[FaceAnalysis]:
        return [] if 8 <= number < 16 else [person(60.0, confidence=0.9 if number < 8 else 0.3)]

    watching.scene = scene
    summary = track_of(work_off(submitted(owner))).summary
    assert summary["gaps"] == [[0.6, 1.6]]
    assert summary["uncertain"] == pytest.approx(7 / 11, abs=1e-3)
    assert summary["seconds"] == pytest.approx(2.2)
    assert [peak["time"] for peak in summary["peaks"]] == [0.0]


def test_a_span_is_corrected(done: Video) -> None:
    track = track_of(done)
    corrections.correct(track, start=0.0, end=2.0, emotion="neutral")
    assert track.emotion == "neutral"
    assert track.summary["shares"]["neutral"] == pytest.approx(2 / 3, abs=1e-3)
    frames = timeline.as_dict(done)["tracks"][0]["frames"]
    assert frames["emotions"] == ["neutral"] * 10 + ["sad"] * 5
    assert frames["corrected"] == [True] * 10 + [False] * 5
    corrections.correct(track, start=0.0, end=1.0, emotion="")
    frames = timeline.as_dict(done)["tracks"][0]["frames"]
    assert frames["emotions"] == ["happy"] * 5 + ["neutral"] * 5 + ["sad"] * 5


def test_a_later_correction_replaces_what_it_covers(done: Video) -> None:
    track = track_of(done)
    corrections.correct(track, start=0.5, end=1.0, emotion="fear")
    corrections.correct(track, start=0.0, end=3.0, emotion="angry")
    assert track.corrections.count() == 1
    assert track.emotion == "angry"


def test_the_number_of_corrections_is_bounded(done: Video) -> None:
    """Allow a correction that replaces earlier ones, also where there are as many as allowed."""
    track = track_of(done)
    VideoCorrection.objects.bulk_create(
        VideoCorrection(
            track=track, start=n / 100, end=n / 100 + 1, emotion="fear", created_at=clock.now()
        )
        for n in range(corrections.CORRECTIONS)
    )
    with pytest.raises(DetectorError) as caught:
        corrections.correct(track, start=0.0, end=0.5, emotion="sad")
    assert caught.value.code == "too_many_corrections"
    corrections.correct(track, start=0.0, end=9.0, emotion="")
    assert track.corrections.count() == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [(1.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (3.0, 4.0), (1.0, inf), (nan, 1.0)],
)
def test_a_span_lies_within_the_track(done: Video, start: float, end: float) -> None:
    with pytest.raises(DetectorError) as caught:
        corrections.correct(track_of(done), start=start, end=end, emotion="sad")
    assert caught.value.code == "invalid_span"


def test_a_csv_has_a_row_a_frame(done: Video) -> None:
    rows = rows_of(export.csv_of_frames(done))
    assert len(rows) == 15
    assert rows[0] | {"happy": ""} == {
        "time": "0.0", "track": "0", "x": "60.0", "y": "40.0", "width": "24.0", "height": "30.0",
        "score": "0.95", "angry": rows[0]["angry"], "disgust": rows[0]["disgust"],
        "fear": rows[0]["fear"], "happy": "", "sad": rows[0]["sad"],
        "surprise": rows[0]["surprise"], "neutral": rows[0]["neutral"], "label": "happy",
        "confidence": "0.9", "uncertain": "0", "corrected": "0",
    }  # fmt: skip


def test_a_csv_has_a_row_a_second(done: Video) -> None:
    corrections.correct(track_of(done), start=2.0, end=3.0, emotion="fear")
    rows = rows_of(export.csv_of_seconds(done))
    assert [(row["second"], row["label"], row["frames"], row["corrected"]) for row in rows] == [
        ("0", "happy", "5", "0"), ("1", "sad", "5", "0"), ("2", "fear", "5", "1"),
    ]  # fmt: skip


def test_labels_are_a_track_of_text(done: Video) -> None:
    assert export.as_vtt(done) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nhappy\n\n00:00:01.000 --> 00:00:03.000\nsad\n"
    )
    assert export.as_srt(done) == (
        "1\n00:00:00,000 --> 00:00:01,000\nhappy\n\n2\n00:00:01,000 --> 00:00:03,000\nsad\n"
    )


def test_the_json_is_the_timeline(done: Video) -> None:
    assert json.loads(export.as_json(done)) == timeline.as_dict(done)


def test_a_second_is_uncertain_where_most_of_it_is() -> None:
    found = [
        observations.Observation(0.2 * n, 0, 0, 0, 9, 9, 0.9, n < 3, (0, 0, 0, 1, 0, 0, 0))
        for n in range(5)
    ]
    (second,) = summaries.seconds_of(found)
    assert second.label == summaries.Label("happy", uncertain=True)


@pytest.mark.parametrize(
    ("shown", "is_uncertain"), [([3, 3, 3, 0, 4], False), ([3, 3, 0, 0, 4], True)]
)
def test_a_second_with_several_expressions_is_certain_of_none(
    shown: list[int], is_uncertain: bool
) -> None:
    """Each is certain, but none lasts half of the second: their mean is 40 % happy."""
    found = [
        observations.Observation(
            0.2 * n, 0, 0, 0, 9, 9, 0.9, False, tuple(float(k == place) for k in range(7))
        )
        for n, place in enumerate(shown)
    ]
    (second,) = summaries.seconds_of(found)
    assert second.label.uncertain == is_uncertain
