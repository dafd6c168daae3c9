"""Tests of following faces in time."""

import math
from collections.abc import Callable

import pytest

from ml.videos.tracking import Sighting, follow

STEP = 0.2
Frames = list[tuple[float, list[Sighting]]]


def face(x: float, y: float = 100, side: float = 60, score: float = 0.9) -> Sighting:
    return Sighting(x, y, side, side * 1.2, score)


def film(count: int, show: Callable[[int], list[Sighting]]) -> Frames:
    return [(number * STEP, show(number)) for number in range(count)]


def crossing(number: int) -> list[Sighting]:
    """Return two faces that walk through each other; the nearer one hides the other for a while."""
    first, second = face(50 + 20 * number), face(450 - 20 * number, y=110)
    boxes = [first] if abs(first.x - second.x) < 30 else [first, second]
    return sorted(boxes, key=lambda box: box.x)


def test_two_faces_that_cross_keep_their_tracks() -> None:
    numbers = follow(film(20, crossing))
    assert numbers[0] == [0, 1]
    assert all(row == [0, 1] for row in numbers[:9])
    assert all(row == [1, 0] for row in numbers[12:])
    assert {number for row in numbers for number in row} == {0, 1}


def test_a_face_that_vanishes_for_a_second_is_the_same() -> None:
    numbers = follow(film(20, lambda n: [] if 8 <= n < 13 else [face(100 + 4 * n)]))
    assert {number for row in numbers for number in row} == {0}


def test_a_face_in_a_film_of_a_frame_in_three_seconds() -> None:
    frames = [(3.0 * n, [] if n == 3 else [face(100 + 10 * n)]) for n in range(6)]
    assert follow(frames, rate=1 / 3) == [[0], [0], [0], [], [1], [1]]


def test_a_face_that_stays_away_is_another_one() -> None:
    numbers = follow(film(40, lambda n: [] if 8 <= n < 25 else [face(100)]))
    assert numbers[7] == [0]
    assert numbers[30] == [1]


def test_a_cut_to_another_place_begins_a_track() -> None:
    numbers = follow(film(10, lambda n: [face(100 if n < 5 else 700)]))
    assert numbers == [[0]] * 5 + [[1]] * 5


def test_a_faint_box_continues_a_track_but_begins_none() -> None:
    def show(number: int) -> list[Sighting]:
        turned_away = face(100, score=0.4 if 3 <= number < 6 else 0.9)
        return [turned_away, face(600, score=0.4)]

    assert follow(film(10, show)) == [[0, None]] * 10


def test_a_slip_of_the_detector_is_no_track() -> None:
    numbers = follow(film(5, lambda n: [face(100), face(600)] if n == 2 else [face(100)]))
    assert numbers == [[0], [0], [0, None], [0], [0]]


def test_a_fast_face_keeps_its_track() -> None:
    numbers = follow(film(10, lambda n: [face(50 + 55 * n)]))
    assert numbers == [[0]] * 10


def test_tracks_do_not_depend_on_the_order_of_the_boxes() -> None:
    def show(number: int) -> list[Sighting]:
        return [face(100 + 30 * math.sin(number)), face(300), face(500 - 10 * number)]

    straight = follow(film(15, show))
    turned = follow(film(15, lambda number: show(number)[::-1]))
    assert straight == [[0, 1, 2]] * 15
    assert [row[::-1] for row in turned] == straight


def test_the_faces_of_a_single_frame_are_tracks() -> None:
    assert follow([(0.0, [face(100), face(300), face(500, score=0.4)])]) == [[0, 1, None]]


@pytest.mark.parametrize("frames", [[], [(0.0, [])], [(0.0, [face(1, score=0.4)])]])
def test_little_gives_no_track(frames: Frames) -> None:
    assert all(number is None for row in follow(frames) for number in row)


def test_no_track_goes_on_across_a_cut() -> None:
    still = film(10, lambda n: [face(100)])
    assert follow(still, cuts=[still[4][0]]) == [[0]] * 4 + [[1]] * 6
