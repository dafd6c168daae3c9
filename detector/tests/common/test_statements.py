"""Statements that are built once or written out do what Django's own do."""

from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from detector.common import clock, locks, statements
from detector.models import Analysis, Photo
from detector.tests.factories import AnalysisFactory, PhotoFactory

pytestmark = pytest.mark.django_db


def test_a_prepared_query_is_built_once_and_finds_the_row_of_each_key() -> None:
    built: list[object] = []

    def rows(key: UUID) -> QuerySet[Photo]:
        built.append(key)
        needed = Photo.objects.select_related("owner").only("width", "owner__time_zone")
        return needed.filter(pk=key)

    prepared = statements.Prepared(UUID, rows)
    photos = [PhotoFactory.create(width=width) for width in (10, 20)]
    for photo in photos:
        with CaptureQueriesContext(connection) as asked:
            found = prepared.first(photo.pk)
            assert found is not None
            assert (found.pk, found.width) == (photo.pk, photo.width)
            assert found.owner.time_zone == photo.owner.time_zone
        assert len(asked) == 1
        assert found.get_deferred_fields() >= {"height", "upload"}
    assert prepared.first(uuid4()) is None
    assert len(built) == 2, "two samples, from whose difference the place of the key is known"


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_of_a_transaction_is_an_error_each_time() -> None:
    photo = PhotoFactory.create()
    with transaction.atomic():
        assert locks.lock_photo_and_owner(photo.pk) == photo
    with pytest.raises(transaction.TransactionManagementError):
        locks.lock_photo_and_owner(photo.pk)


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    analysis, other = AnalysisFactory.create(attempt=1), AnalysisFactory.create(attempt=1)
    before = clock.now()
    changes = {
        "timings_ms": {"detect": 1.5},
        "best_confidence": 0.5,
        "finished_at": clock.moment(),
        "lease_expires_at": None,
        "error_message": "100 % of 'it'",
    }
    where = {"id": analysis.pk, "attempt": 1}
    assert statements.update(Analysis, changes, {**where, "attempt": 2}) == 0
    late = [("queued_at", analysis.queued_at)]
    assert statements.update(Analysis, changes, where, condition="queued_at < %s", values=late) == 0
    assert statements.update(Analysis, changes, where, condition="queued_at = %s", values=late) == 1
    changed = Analysis.objects.get(pk=analysis.pk)
    assert changed.timings_ms == {"detect": 1.5}
    assert changed.error_message == "100 % of 'it'"
    assert changed.finished_at is not None
    assert before <= changed.finished_at <= clock.now()
    assert Analysis.objects.get(pk=other.pk).timings_ms == other.timings_ms


NOTE_HOW_IT_IS_WRITTEN = """
    CREATE FUNCTION pg_temp.note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN NEW.error_message := current_setting('synchronous_commit'); RETURN NEW; END $$;
    CREATE TRIGGER note BEFORE UPDATE ON detector_analysis
    FOR EACH ROW EXECUTE FUNCTION pg_temp.note()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no such setting")
def test_a_change_that_may_be_lost_does_not_wait_for_the_disk_and_all_others_do() -> None:
    analysis = AnalysisFactory.create(attempt=1)

    def written(may_be_lost: bool = False) -> str:
        changes, where = {"attempt": 2}, {"id": analysis.pk}
        assert statements.update(Analysis, changes, where, may_be_lost=may_be_lost) == 1
        analysis.refresh_from_db()
        return analysis.error_message

    with connection.cursor() as cursor:
        cursor.execute(NOTE_HOW_IT_IS_WRITTEN)
    try:
        assert written() == "on"
        assert written(may_be_lost=True) == "off"
        assert written() == "on"
        with transaction.atomic():
            assert written(may_be_lost=True) == "on", "nothing else in it may be lost"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER note ON detector_analysis")
