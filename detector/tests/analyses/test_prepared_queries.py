"""Workers keep their statements prepared in PostgreSQL, and get over what that can spoil."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from celery import states
from celery.signals import task_postrun
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import NotSupportedError, connection

from detector.analyses import submission, turns
from detector.common import clock
from detector.enums import Source, Status
from detector.models import Analysis, User

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "prepare_threshold" not in connection.settings_dict["OPTIONS"],
        reason="needs PostgreSQL and DATABASE_PREPARE=on",
    ),
]

Picture = Callable[..., SimpleUploadedFile]


def test_the_statements_of_a_turn_are_prepared(owner: User, picture: Picture) -> None:
    analyse(owner, picture, photos=4)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone()[0] >= 12


@pytest.mark.parametrize("column", ["detector_user.time_zone", "detector_modelversion.sha256"])
def test_a_column_of_another_type_costs_a_worker_no_photo(
    owner: User, picture: Picture, column: str
) -> None:
    analyse(owner, picture, photos=4)
    upload(owner, picture)
    with of_another_type(*column.split(".")):
        state: str = states.SUCCESS
        try:
            turns.take()
        except NotSupportedError:
            state = states.FAILURE
        assert Analysis.objects.filter(status=Status.QUEUED).update(due_at=clock.now()) == 1
        # As Celery does between tasks.
        task_postrun.send(None, state=state)
        turns.take()
    assert set(Analysis.objects.values_list("status", flat=True)) == {Status.DONE}
    connection.close()


def analyse(owner: User, picture: Picture, photos: int) -> None:
    connection.close()
    for _ in range(photos):
        upload(owner, picture)
        turns.take()
    assert set(Analysis.objects.values_list("status", flat=True)) == {Status.DONE}


def upload(owner: User, picture: Picture) -> None:
    assert len(submission.submit(owner, [picture()], Source.WEB).accepted) == 1


@contextmanager
def of_another_type(table: str, column: str) -> Iterator[None]:
    """Change the length of a column for a while, as a migration does from another process."""
    other = connection.copy()
    with other.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, table)
        length = next(each.display_size for each in columns if each.name == column)
        change = f"ALTER TABLE {table} ALTER {column} TYPE varchar"
        cursor.execute(f"{change}(200)")
        try:
            yield
        finally:
            connection.close()
            cursor.execute(f"{change}({length})")
    other.close()
