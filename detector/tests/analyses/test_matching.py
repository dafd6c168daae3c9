"""Matching the faces of two analyses."""

from datetime import timedelta

import pytest

from detector.analyses import matching
from detector.common import boxes
from detector.enums import Emotion
from detector.models import Analysis, Face
from detector.models.ids import new_id
from detector.tests.factories import MOMENT, AnalysisFactory, FaceFactory, PhotoFactory


def face(index: int, x: float, emotion: Emotion = Emotion.HAPPY) -> Face:
    return FaceFactory.build(pk=index, index=index, x=x, emotion=emotion, analysis=None)


def test_overlap() -> None:
    one = face(0, 10)
    assert boxes.overlap(one, one) == 1
    assert boxes.overlap(one, face(1, 20)) == pytest.approx(1 / 3)
    assert boxes.overlap(one, face(1, 30)) == 0


def test_each_face_is_compared_with_itself() -> None:
    before = [face(1, 0, Emotion.SAD), face(2, 100), face(3, 300)]
    after = [face(4, 101), face(5, 2), face(6, 200)]
    found = matching.compare(before, after)
    pairs = [(c.before and c.before.pk, c.after and c.after.pk, c.is_other) for c in found]
    assert pairs == [(2, 4, False), (1, 5, True), (None, 6, True), (3, None, True)]


def test_the_best_pairs_are_made_first() -> None:
    # The first earlier face overlaps both, but belongs to the second.
    before = [face(1, 10), face(2, 4)]
    assert matching.same_faces(before, [face(3, 5), face(4, 10)]) == [before[1], before[0]]


@pytest.mark.django_db
def test_earlier_results_of_a_photo(django_assert_num_queries: object) -> None:
    photo = PhotoFactory.create()
    # Their ids are of hosts whose clocks differ.
    ids = [new_id() for _ in range(matching.SHOWN + 1)][::-1]
    for number, pk in enumerate(ids):
        finished = MOMENT + timedelta(minutes=number)
        last = AnalysisFactory.create(
            id=pk, photo=photo, superseded=number < matching.SHOWN, finished_at=finished
        )
        FaceFactory.create(analysis=last, emotion=Emotion.SAD if number else Emotion.FEAR)
    current = Analysis.objects.prefetch_related("faces").get(superseded=False)
    with django_assert_num_queries(2):  # type: ignore[operator]
        earlier = matching.earlier_of(current)
    assert [past.others for past in earlier] == [0, 0, 0, 0, 1]
    assert matching.earlier_of(earlier[-1].analysis) == []
