"""The rollup follows every change."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from detector.enums import Emotion
from detector.models import Analysis, DailyEmotion, User
from detector.services import erasure, statistics
from detector.tests.factories import AnalysisFactory, FaceFactory


def rows(owner: User) -> list[tuple[str, str, int, float]]:
    found = DailyEmotion.objects.filter(owner=owner).order_by("day", "emotion")
    return [(r.day.isoformat(), r.emotion, r.faces, round(r.confidence_sum, 6)) for r in found]


def test_rebuild_gives_what_was_counted_step_by_step(owner: User) -> None:
    for day in (4, 4, 5):
        analysis = AnalysisFactory.create(
            photo__owner=owner, photo__taken_at=datetime(2026, 5, day, 12, tzinfo=UTC)
        )
        faces = [
            FaceFactory.create(analysis=analysis, index=0, emotion=Emotion.HAPPY, confidence=0.9),
            FaceFactory.create(analysis=analysis, index=1, emotion=Emotion.SAD, confidence=0.5),
        ]
        statistics.add_faces(analysis.photo, faces)
    step_by_step = rows(owner)
    assert step_by_step == [
        ("2026-05-04", "happy", 2, 1.8),
        ("2026-05-04", "sad", 2, 1.0),
        ("2026-05-05", "happy", 1, 0.9),
        ("2026-05-05", "sad", 1, 0.5),
    ]
    DailyEmotion.objects.all().delete()
    assert statistics.rebuild(owner) == 4
    assert rows(owner) == step_by_step


def test_deleting_a_photo_takes_its_faces_out(
    analysed: Analysis, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    assert [row[2] for row in rows(owner)] == [1]
    with django_capture_on_commit_callbacks(execute=True):
        erasure.delete_photo(analysed.photo)
    assert rows(owner) == []


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", date(2026, 5, 4)), ("Pacific/Auckland", date(2026, 5, 5))],
)
def test_days_are_the_owners(owner: User, zone: str, day: date) -> None:
    owner.time_zone = zone
    photo = AnalysisFactory.create(
        photo__owner=owner, photo__taken_at=datetime(2026, 5, 4, 20, tzinfo=UTC)
    ).photo
    assert statistics.day_of(photo, owner) == day
