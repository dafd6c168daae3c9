"""The rollups follow every change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detector.accounts import preferences
from detector.analyses import queueing
from detector.enums import Emotion
from detector.insights import rollups
from detector.models import Analysis, DailyEmotion, DailyPhotos, HourlyEmotion, Photo, User
from detector.photos import erasure, trash
from detector.tests.factories import (
    AnalysisFactory,
    FaceFactory,
    ModelVersionFactory,
    UserFactory,
)


def rows(owner: User) -> list[tuple[str, str, int, float]]:
    found = DailyEmotion.objects.filter(owner=owner).order_by("day", "emotion")
    return [(r.day.isoformat(), r.emotion, r.faces, round(r.confidence_sum, 6)) for r in found]


def test_rebuild_gives_what_was_counted_step_by_step(owner: User) -> None:
    for day in (4, 4, 5):
        analysis = AnalysisFactory.create(
            photo__owner=owner, photo__taken_at=datetime(2026, 5, day, 12, tzinfo=UTC)
        )
        FaceFactory.create(analysis=analysis, index=0, emotion=Emotion.HAPPY, confidence=0.9)
        FaceFactory.create(analysis=analysis, index=1, emotion=Emotion.SAD, confidence=0.5)
        rollups.add(analysis.photo)
    step_by_step = rows(owner)
    assert step_by_step == [
        ("2026-05-04", "happy", 2, 1.8),
        ("2026-05-04", "sad", 2, 1.0),
        ("2026-05-05", "happy", 1, 0.9),
        ("2026-05-05", "sad", 1, 0.5),
    ]
    DailyEmotion.objects.all().delete()
    # Four rows of emotions, two of days, four of hours: all photos were taken at noon.
    assert rollups.rebuild(owner) == 4 + 2 + 4
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
    assert rollups.day_of(photo, owner) == day


def everything(owner: User) -> list[list[tuple[object, ...]]]:
    """Return all rollups, without ids and with floats rounded to six places."""
    tables: list[list[tuple[object, ...]]] = []
    for table in (DailyPhotos, DailyEmotion, HourlyEmotion):
        names = [field.attname for field in table._meta.fields if field.attname != "id"]
        found = table._default_manager.filter(owner=owner).values_list(*names)
        tables.append(sorted(tuple(_plain(value) for value in row) for row in found))
    return tables


def _plain(value: object) -> object:
    return round(value, 6) if isinstance(value, float) else str(value)


FIXTURE = [HealthCheck.function_scoped_fixture]
MOVES = ("bin", "bring back", "again", "erase", "move")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    photos=st.lists(
        st.tuples(
            st.integers(0, 400), st.integers(0, 1), st.lists(st.sampled_from(Emotion), max_size=3)
        ),
        min_size=1,
        max_size=6,
    ),
    moves=st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 5)), max_size=10),
)
def test_whatever_happens_a_rebuild_changes_nothing(
    db: None, photos: list[tuple[int, int, list[Emotion]]], moves: list[tuple[str, int]]
) -> None:
    owner = UserFactory.create()
    models = [ModelVersionFactory.create(name=name) for name in ("old", "new")]
    for hours, model, emotions in photos:
        analysis = AnalysisFactory.create(
            photo__owner=owner,
            photo__taken_at=datetime(2026, 3, 20, tzinfo=UTC) + timedelta(hours=hours),
            model_version=models[model],
        )
        for i, emotion in enumerate(emotions):
            FaceFactory.create(analysis=analysis, index=i, emotion=emotion, uncertain=bool(i % 2))
        rollups.add(analysis.photo)
    for move, number in moves:
        owner.refresh_from_db()
        photo = Photo.objects.filter(owner=owner).order_by("id")[number : number + 1].first()
        if photo is not None:
            _move(owner, photo, move)
    step_by_step = everything(owner)
    rollups.rebuild(owner)
    assert everything(owner) == step_by_step


def _move(owner: User, photo: Photo, move: str) -> None:
    if move == "bin":
        trash.discard(owner, [photo.pk])
    elif move == "bring back":
        trash.restore(owner, [photo.pk])
    elif move == "again":
        queueing.analyse_again(owner, [photo.pk])
    elif move == "erase":
        erasure.delete_photo(photo)
    else:
        zone = "UTC" if owner.time_zone != "UTC" else "Pacific/Auckland"
        preferences.set_time_zone(owner, zone)
