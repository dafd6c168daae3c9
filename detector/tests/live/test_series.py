"""The numbers of a session: what is refused, how they are labelled and added up."""

from typing import Any

import pytest

from detector.enums import Emotion
from detector.exceptions import DetectorError
from detector.live import series
from detector.models.live_session import LIVE_SECONDS
from detector.tests.live.rows import row

HAPPY, SAD = row("happy"), row("sad", uncertain=True)
FACES = [{"first": 1, "rows": [HAPPY, HAPPY, None, SAD]}, {"first": 0, "rows": [SAD]}]


def test_seconds_have_the_label_of_the_highest_probability() -> None:
    found = list(series.seconds_of(FACES, []))
    assert [(second.face, second.second, second.emotion) for second in found] == [
        (1, 1, "happy"), (1, 2, "happy"), (1, 4, "sad"), (2, 0, "sad"),
    ]  # fmt: skip
    assert found[0].confidence == 0.94
    assert [second.uncertain for second in found] == [False, False, True, True]


def test_corrections_count_where_they_are_and_the_later_one_wins() -> None:
    corrections = [
        {"face": 1, "first": 0, "until": 3, "emotion": "fear"},
        {"face": 1, "first": 2, "until": 5, "emotion": "angry"},
    ]
    shown = [second.shown for second in series.seconds_of(FACES, corrections)]
    assert shown == ["fear", "angry", "angry", "sad"]
    counts, uncertain = series.totals(FACES, corrections)
    assert {name: count for name, count in counts.items() if count} == {
        "fear": 1, "angry": 2, "sad": 1,
    }  # fmt: skip
    assert uncertain == 1


def test_runs_end_where_label_doubt_or_presence_change() -> None:
    seconds = [second for second in series.seconds_of(FACES, []) if second.face == 1]
    assert [(run.first, run.until, run.emotion) for run in series.runs(seconds)] == [
        (1, 3, "happy"), (4, 5, "sad"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("faces", "seconds"),
    [
        ([], 5),
        ("faces", 5),
        ([{"first": 0, "rows": [HAPPY]}] * 9, 5),
        ([{"first": 0}], 5),
        ([{"first": 0, "rows": []}], 5),
        ([{"first": 0, "rows": [HAPPY], "name": "x"}], 5),
        ([{"first": 5, "rows": [HAPPY]}], 5),
        ([{"first": -1, "rows": [HAPPY]}], 5),
        ([{"first": True, "rows": [HAPPY]}], 5),
        ([{"first": 4, "rows": [HAPPY, HAPPY]}], 5),
        ([{"first": 0, "rows": [None, HAPPY]}], 5),
        ([{"first": 0, "rows": [HAPPY, None]}], 5),
        ([{"first": 0, "rows": [HAPPY[:-1]]}], 5),
        ([{"first": 0, "rows": [[*HAPPY[:-1], 2]]}], 5),
        ([{"first": 0, "rows": [[0.5] * 8]}], 5),
        ([{"first": 0, "rows": [[300] * 7 + [0]]}], 5),
        ([{"first": 0, "rows": [[-1, 1001, 0, 0, 0, 0, 0, 0]]}], 5),
        ([{"first": 0, "rows": [HAPPY]}], 0),
        ([{"first": 0, "rows": [HAPPY]}], LIVE_SECONDS + 1),
    ],
)
def test_other_numbers_are_refused(faces: Any, seconds: int) -> None:
    with pytest.raises(DetectorError) as refusal:
        series.check(faces, seconds)
    assert refusal.value.code == "invalid_series"


def test_the_largest_session_is_accepted() -> None:
    faces = [{"first": 0, "rows": [HAPPY] * LIVE_SECONDS}] * series.FACES
    assert series.check(faces, LIVE_SECONDS) == faces
    counts, _ = series.totals(faces, [])
    assert counts[Emotion.HAPPY] == LIVE_SECONDS * series.FACES


@pytest.mark.parametrize(
    "correction",
    [
        {"face": 3, "first": 0, "until": 1, "emotion": "happy"},
        {"face": 0, "first": 0, "until": 1, "emotion": "happy"},
        {"face": 1, "first": 1, "until": 1, "emotion": "happy"},
        {"face": 1, "first": 0, "until": 6, "emotion": "happy"},
        {"face": 1, "first": 0, "until": 1, "emotion": "joy"},
        {"face": 1, "first": 0, "until": 1},
        "happy",
    ],
)
def test_other_corrections_are_refused(correction: Any) -> None:
    with pytest.raises(DetectorError) as refusal:
        series.check_corrections([correction], FACES, 5)
    assert refusal.value.code == "invalid_correction"


def test_there_is_an_end_to_corrections() -> None:
    one = {"face": 1, "first": 0, "until": 1, "emotion": "happy"}
    assert series.check_corrections([one] * series.CORRECTIONS, FACES, 5)
    with pytest.raises(DetectorError):
        series.check_corrections([one] * (series.CORRECTIONS + 1), FACES, 5)
