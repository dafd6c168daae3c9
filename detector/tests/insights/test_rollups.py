"""The rollups follow every change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detector.accounts import preferences
from detector.analyses import queueing
from detector.enums import Emotion, Verdict
from detector.insights import recount, rollups
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


MOVES = ("bin", "bring back", "again", "erase", "move")
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Monrovia")
"""Whole hours, hours that change, three quarters of one, half an hour that changes, seconds."""
FACES = st.tuples(st.sampled_from(Emotion), st.sampled_from(["", *Verdict]), st.booleans())


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    zone=st.sampled_from(ZONES),
    photos=st.lists(
        st.tuples(
            st.datetimes(datetime(1900, 1, 1), datetime(2026, 11, 1))
            | st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 6)),
            st.sampled_from([0, 999_700]),
            st.integers(0, 1),
            st.lists(FACES, max_size=3),
        ),
        min_size=1,
        max_size=6,
    ),
    moves=st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 5)), max_size=10),
)
def test_whatever_happens_a_rebuild_changes_nothing(
    db: None,
    zone: str,
    photos: list[tuple[datetime, int, int, list[tuple[Emotion, str, bool]]]],
    moves: list[tuple[str, int]],
) -> None:
    owner = UserFactory.create(time_zone=zone)
    models = [ModelVersionFactory.create(name=name) for name in ("old", "new")]
    for moment, microsecond, model, faces in photos:
        analysis = AnalysisFactory.create(
            photo__owner=owner,
            photo__taken_at=moment.replace(microsecond=microsecond, tzinfo=UTC),
            model_version=models[model],
        )
        for i, (emotion, verdict, uncertain) in enumerate(faces):
            FaceFactory.create(
                analysis=analysis,
                index=i,
                emotion=emotion,
                reviewed_emotion=verdict,
                uncertain=uncertain,
                p_sad=0.05,
            )
        rollups.add(analysis.photo)
    for move, number in moves:
        owner.refresh_from_db()
        photo = Photo.objects.filter(owner=owner).order_by("id")[number : number + 1].first()
        if photo is not None:
            _move(owner, photo, move)
    step_by_step = everything(owner)
    rollups.rebuild(owner)
    assert everything(owner) == step_by_step


@pytest.mark.parametrize("zone", ZONES)
def test_the_last_moment_before_a_clock_changes_has_the_old_offset(owner: User, zone: str) -> None:
    tz = ZoneInfo(zone)
    found = recount.periods(
        tz, datetime(1971, 1, 1, 3, tzinfo=UTC), datetime(1973, 1, 1, tzinfo=UTC)
    )
    found += recount.periods(
        tz, datetime(2026, 1, 1, 3, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    )
    for period in found:
        for moment in (period.since, period.until - timedelta(microseconds=1)):
            assert moment.astimezone(tz).utcoffset() == period.offset


def test_a_rebuild_asks_as_much_for_many_photos_as_for_few(
    owner: User, django_assert_num_queries: Any
) -> None:
    for _ in range(2):
        for hours in range(12):
            analysis = AnalysisFactory.create(
                photo__owner=owner, photo__taken_at=datetime(2026, 5, 4, hours, tzinfo=UTC)
            )
            FaceFactory.create(analysis=analysis)
        # Transactions, the owner, both ends of the history, two counts and three tables.
        with django_assert_num_queries(15):
            rollups.rebuild(owner)


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
