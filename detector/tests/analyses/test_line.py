"""The order of waiting analyses: owners take turns, single photos go before batches."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from detector.analyses import leases, line, queueing, reanalysis, submission
from detector.enums import ModelStatus, Priority, Source, Status
from detector.exceptions import DetectorError, OutageError
from detector.models import Analysis, ModelVersion, User
from detector.photos import erasure
from detector.tests.bad_files import archive
from detector.tests.factories import AnalysisFactory, ModelVersionFactory, PhotoFactory, UserFactory

pytestmark = pytest.mark.django_db

PASSING = DetectorError("passing", "It may pass.", permanent=False)


@pytest.fixture
def ann(db: None) -> User:
    return UserFactory.create(username="ann")


@pytest.fixture
def bob(db: None) -> User:
    return UserFactory.create(username="bob")


@pytest.fixture
def eve(db: None) -> User:
    return UserFactory.create(username="eve")


@pytest.fixture
def version(db: None) -> ModelVersion:
    return ModelVersionFactory.create()


def joins(owner: User, photos: int = 1, priority: Priority = Priority.SINGLE) -> list[Analysis]:
    made = (PhotoFactory.create(owner=owner) for _ in range(photos))
    return [queueing.queue(photo, priority) for photo in made]


def begin() -> Analysis | None:
    """Let a worker claim the analysis whose turn it is."""
    chosen = line.next_due()
    return chosen if chosen and leases.claim_read(chosen) else None


def end(analysis: Analysis, version: ModelVersion) -> str:
    leases.complete(analysis, model=version, timings_ms={})
    return str(analysis.owner.username)


def served(version: ModelVersion, count: int = 1000) -> list[str]:
    """Let one worker complete so many analyses, or all. Return their owners in order."""
    names: list[str] = []
    while len(names) < count and (analysis := begin()):
        names.append(end(analysis, version))
    return names


def test_one_photo_waits_for_no_more_than_what_is_worked_on(
    ann: User, bob: User, version: ModelVersion
) -> None:
    joins(ann, 5)
    assert served(version, 2) == ["ann", "ann"]
    under_way = begin()
    joins(bob)
    assert under_way is not None
    end(under_way, version)
    assert served(version) == ["bob", "ann", "ann"]


def test_between_two_photos_of_many_the_other_one_is_next_as_well(
    ann: User, bob: User, version: ModelVersion
) -> None:
    """Nothing runs at this moment, so its turn is that of the first in line."""
    joins(ann, 3)
    served(version, 1)
    joins(bob)
    assert served(version) == ["ann", "bob", "ann"]


def test_owners_take_turns(ann: User, bob: User, eve: User, version: ModelVersion) -> None:
    joins(ann, 4)
    joins(bob, 2)
    joins(eve, 3)
    assert served(version) == ["ann", "bob", "eve", "ann", "bob", "eve", "ann", "eve", "ann"]


def test_photos_of_one_owner_keep_their_order(ann: User, version: ModelVersion) -> None:
    expected = [analysis.pk for analysis in joins(ann, 4)]
    found = []
    while analysis := begin():
        found.append(analysis.pk)
        end(analysis, version)
    assert found == expected


def test_who_comes_again_and_again_does_not_go_before_who_waits(
    ann: User, bob: User, eve: User, version: ModelVersion
) -> None:
    """Programs that send the next photo when the last is done: a third of the turns each."""
    joins(ann, 9)
    joins(bob)
    joins(eve)
    names = []
    for _ in range(27):
        analysis = begin()
        assert analysis is not None
        names.append(end(analysis, version))
        if analysis.owner in (bob, eve):
            joins(analysis.owner)
    assert Counter(names) == {"ann": 9, "bob": 9, "eve": 9}


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_a_single_photo_goes_before_a_batch(
    ann: User, bob: User, version: ModelVersion, who: str
) -> None:
    joins(ann, 3, Priority.BATCH)
    served(version, 1)
    under_way = begin()
    assert under_way is not None
    [photo] = joins({"ann": ann, "bob": bob}[who])
    end(under_way, version)
    assert line.next_due() == photo


def test_joined_at_the_same_turn_the_single_photo_is_first(ann: User, bob: User) -> None:
    joins(ann, 1, Priority.BATCH)
    [photo] = joins(bob)
    assert line.next_due() == photo


def test_a_batch_moves_on_beside_any_number_of_single_photos(
    ann: User, bob: User, version: ModelVersion
) -> None:
    joins(ann, 100)
    joins(bob, 5, Priority.BATCH)
    places = [n for n, name in enumerate(served(version)) if name == "bob"]
    assert len(places) == 5
    assert places == [1 + 11 * n for n in range(5)]


def test_two_batches_take_turns(ann: User, bob: User, version: ModelVersion) -> None:
    joins(ann, 3, Priority.BATCH)
    joins(bob, 3, Priority.BATCH)
    assert served(version) == ["ann", "bob"] * 3


def test_a_photo_to_be_tried_again_is_not_taken_before_it_is_due(
    ann: User, bob: User, version: ModelVersion
) -> None:
    joins(ann)
    failing = begin()
    assert failing is not None
    leases.fail(failing, PASSING)
    assert line.next_due() is None
    joins(bob)
    assert served(version) == ["bob"]
    Analysis.objects.filter(status=Status.QUEUED).update(due_at=timezone.now())
    assert served(version) == ["ann"]


@pytest.mark.parametrize("error", [PASSING, OutageError("storage_unavailable", "It is away.")])
def test_many_failures_of_one_owner_do_not_go_before_the_photo_of_another(
    ann: User, bob: User, error: DetectorError
) -> None:
    joins(ann, 6)
    for _ in range(5):
        failing = begin()
        assert failing is not None
        leases.fail(failing, error)
    under_way = begin()
    assert under_way is not None
    Analysis.objects.filter(status=Status.QUEUED).update(due_at=timezone.now())
    [photo] = joins(bob)
    assert line.next_due() == photo


def test_what_was_tried_too_often_blocks_nobody(ann: User, bob: User, settings: Any) -> None:
    Analysis.objects.filter(pk=joins(ann)[0].pk).update(attempt=settings.ANALYSIS_MAX_ATTEMPTS)
    [photo] = joins(bob)
    assert line.next_due() == photo


def test_an_erased_owner_leaves_the_line(ann: User, bob: User, version: ModelVersion) -> None:
    joins(ann, 3)
    joins(bob, 2)
    served(version, 1)
    erasure.delete_account(ann)
    assert served(version) == ["bob", "bob"]
    assert line.place(ann.pk, Priority.SINGLE) >= 0


def test_whose_history_ended_far_ahead_waits_one_turn_at_most(
    ann: User, bob: User, version: ModelVersion
) -> None:
    """Turns may fall back, for example where the photos that ended last were erased."""
    now = timezone.now()
    AnalysisFactory.create(photo__owner=ann, turn=5000, finished_at=now - timedelta(days=1))
    AnalysisFactory.create(photo__owner=bob, turn=0, finished_at=now)
    joins(bob, 10)
    joins(ann)
    assert served(version, 3) == ["bob", "bob", "ann"]


def test_turns_go_on_where_they_ended(ann: User, version: ModelVersion) -> None:
    joins(ann, 3)
    served(version)
    assert joins(ann)[0].turn == 3


def test_of_uploads_only_photos_of_an_archive_are_a_batch(
    owner: User, picture: Callable[..., SimpleUploadedFile]
) -> None:
    submission.submit(owner, [picture(), picture()], Source.WEB)
    photos = archive({f"{n}.jpg": picture().open().read() for n in range(2)})
    submission.submit(owner, [SimpleUploadedFile("a.zip", photos)], Source.WEB)
    found = Analysis.objects.order_by("id").values_list("priority", "turn")
    assert list(found) == [(0, 0), (0, 1), (1, 0), (1, 10)]


def test_one_photo_analysed_again_is_not_a_batch_and_several_are(ann: User) -> None:
    done = [AnalysisFactory.create(photo__owner=ann) for _ in range(3)]
    failed = AnalysisFactory.create(
        photo__owner=ann, status=Status.FAILED, error_code="timed_out", model_version=None
    )
    queueing.analyse_again(ann, [done[0].photo_id])
    queueing.analyse_again(ann, [done[1].photo_id, done[2].photo_id, failed.photo_id])
    waiting = Analysis.objects.filter(status=Status.QUEUED)
    assert Counter(waiting.values_list("priority", "superseded")) == {
        (Priority.SINGLE, True): 1, (Priority.BATCH, True): 2, (Priority.BATCH, False): 1,
    }  # fmt: skip


def test_a_campaign_goes_behind_a_single_photo(ann: User, bob: User, settings: Any) -> None:
    settings.REANALYSIS_AT_ONCE = 3
    for _ in range(3):
        AnalysisFactory.create(photo__owner=ann)
    better = ModelVersionFactory.create(name="better", status=ModelStatus.ACTIVE)
    reanalysis.start(model=better, actor=None)
    assert len(reanalysis.advance()) == 3
    renewals = Analysis.objects.exclude(reanalysis=None)
    assert sorted(renewals.values_list("priority", "turn")) == [(1, 0), (1, 10), (1, 20)]
    [photo] = joins(bob)
    assert line.next_due() == photo


def test_the_next_one_is_read_from_an_index_without_sorting(ann: User) -> None:
    photos = [PhotoFactory.build(owner=ann, sha256=f"{n:064}") for n in range(1000)]
    type(photos[0]).objects.bulk_create(photos)
    now = timezone.now()
    Analysis.objects.bulk_create(
        Analysis(photo=photo, owner=ann, queued_at=now, due_at=now, turn=n)
        for n, photo in enumerate(photos)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with_plans = connection.execute_wrapper(_explained := Explained())
    with with_plans:
        line.next_due()
        line.place(ann.pk, Priority.SINGLE)
    plan = "\n".join(_explained.plans)
    assert "analysis_waiting" in plan
    assert "analysis_line" in plan
    whole = ("Seq Scan on detector_analysis", "SCAN detector_analysis\n", "SCAN U0\n")
    assert not [part for part in whole if part in f"{plan}\n"], plan


class Explained:
    """Collects the plans of the queries of a block."""

    def __init__(self) -> None:
        self.plans: list[str] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "detector_analysis" in sql and not sql.startswith("EXPLAIN"):
            prefix = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
            with connection.cursor() as cursor:
                cursor.execute(prefix + sql, params)
                self.plans += [" ".join(map(str, row)) for row in cursor.fetchall()]
        return execute(sql, params, many, context)
