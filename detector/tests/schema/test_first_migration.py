"""Databases of every age end with one schema, and with what was in them (decision 0024)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from detector import migrations
from detector.enums import Verdict
from detector.tests.factories import AnalysisFactory, FaceFactory
from detector.tests.schema import catalogue, old_rows

FIRST = "0001_squashed_0022_whole_schema"
LAST = "0022_what_a_worker_took"
REPLACED = [name for _, name in MigrationLoader(None).disk_migrations["detector", FIRST].replaces]


@contextmanager
def _empty_database(folder: Path) -> Iterator[None]:
    """Put an empty database in the place of the tests' own."""
    usual = connections["default"]
    settings, is_file = deepcopy(usual.settings_dict), usual.vendor == "sqlite"
    settings["NAME"] = str(folder / "old.sqlite3") if is_file else f"{settings['NAME']}_old"
    if not is_file:
        _at_the_server(f'DROP DATABASE IF EXISTS "{settings["NAME"]}"')
        _at_the_server(f'CREATE DATABASE "{settings["NAME"]}"')
    connections["default"] = type(usual)(settings, "default")
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = usual
        ContentType.objects.clear_cache()
        if not is_file:
            _at_the_server(f'DROP DATABASE "{settings["NAME"]}"')


def _at_the_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def _migrate_as_formerly(name: str) -> None:
    """Migrate to one of the replaced migrations, as if none stood for them."""
    executor = MigrationExecutor(connection)
    executor.loader = MigrationLoader(connection, replace_migrations=False)
    executor.migrate([("detector", name)])


def _add(rows: Callable[[Apps], None], name: str) -> dict[str, Any]:
    """Add rows of the version that ended with this migration. Returns all that is there now."""
    loader = MigrationLoader(connection, replace_migrations=False)
    rows(loader.project_state(("detector", name)).apps)
    return catalogue.rows()


def _kept(before: dict[str, Any], after: dict[str, Any], filled: tuple[str, ...] = ()) -> None:
    """Hold that each table has the rows that it had, but for columns that came, went or fill."""
    assert before.keys() <= after.keys()
    for table, rows in before.items():
        old, new = rows[0].keys() if rows else set(), after[table][0].keys() if rows else set()
        same = sorted((old & new) - set(filled))
        assert [_only(same, row) for row in rows] == [_only(same, row) for row in after[table]]


def _only(names: list[str], row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in names}


@pytest.mark.django_db
def test_an_old_database_ends_like_a_new_one(tmp_path: Path) -> None:
    new = catalogue.schema(), catalogue.roles()
    with _empty_database(tmp_path):
        _migrate_as_formerly("0010_analysis_owner_and_best_confidence")
        first = _add(old_rows.of_0010, "0010_analysis_owner_and_best_confidence")

        call_command("migrate", "detector", "0015_what_staff_look_for", verbosity=0)
        _kept(first, catalogue.rows(), filled=("stored_bytes",))
        _sizes_and_owners_are_filled()
        second = _add(old_rows.of_0015, "0015_what_staff_look_for")

        call_command("migrate", "detector", LAST, verbosity=0)
        _kept(second, catalogue.rows())
        _no_answer_is_kept()
        third = _add(old_rows.of_0022, LAST)

        _forget_that_there_is_a_first_migration()
        call_command("migrate", verbosity=0)
        _kept(third, catalogue.rows())
        assert ("detector", FIRST) in MigrationRecorder(connection).applied_migrations()
        assert (catalogue.schema(), catalogue.roles()) == new
        _the_audit_log_is_final()
        _the_words_of_photos_are_written()


def _sizes_and_owners_are_filled() -> None:
    [photo] = catalogue.rows()["detector_photo"]
    [tag] = catalogue.rows()["detector_phototag"]
    assert photo["stored_bytes"] == len(b"a picture")
    assert tag["owner_id"] == photo["owner_id"]


def _no_answer_is_kept() -> None:
    rows = catalogue.rows()
    [analysis], [delivery] = rows["detector_analysis"], rows["detector_webhookdelivery"]
    assert delivery["photo_id"] == analysis["photo_id"]
    from detector.models import IdempotentCall

    done, wrong = (IdempotentCall.objects.get(key=key) for key in ("done", "wrong"))
    [accepted] = done.accepted
    assert accepted.replace("-", "") == str(analysis["id"]).replace("-", "")
    assert (wrong.accepted, wrong.rejected, done.rejected) == ([], *[old_rows.REFUSED] * 2)
    assert done.answered_at == done.created_at


def _forget_that_there_is_a_first_migration() -> None:
    """Record only the replaced migrations, as an older installation does."""
    recorder = MigrationRecorder(connection)
    assert ("detector", LAST) in recorder.applied_migrations()
    recorder.record_unapplied("detector", FIRST)


def _the_audit_log_is_final() -> None:
    for statement in (
        "UPDATE detector_auditentry SET action = 'x'",
        "DELETE FROM detector_auditentry",
    ):
        with (
            pytest.raises(DatabaseError, match="The audit log is final"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def _the_words_of_photos_are_written() -> None:
    [words] = catalogue.rows()["detector_phototext"]
    assert words["text"].split("\x1f") == ["old.jpg", "", "holiday"]


class TestPlans:
    """What `migrate` will do is what is missing of one way or of the other, never of both."""

    @pytest.fixture
    def plan(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], list[str]]:
        def plan(applied: list[str]) -> list[str]:
            found = {("detector", name): None for name in applied}
            monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _: found)
            executor = MigrationExecutor(connection)
            leaves = executor.loader.graph.leaf_nodes("detector")
            planned = [step for step, _ in executor.migration_plan(leaves)]
            ours = [step.name for step in planned if step.app_label == "detector"]
            return [name for name in ours if name in (FIRST, *REPLACED)]

        return plan

    def test_a_new_one_needs_the_first_alone(self, plan: Callable[..., list[str]]) -> None:
        assert plan([]) == [FIRST]

    def test_one_that_has_all_needs_none(self, plan: Callable[..., list[str]]) -> None:
        assert plan(REPLACED) == []

    def test_any_in_between_goes_on_as_formerly(self, plan: Callable[..., list[str]]) -> None:
        in_order = _in_order()
        assert sorted(in_order) == sorted(REPLACED)
        for number in range(1, len(in_order)):
            assert plan(in_order[:number]) == in_order[number:]


def _in_order() -> list[str]:
    loader = MigrationLoader(None, replace_migrations=False)
    plan = loader.graph.forwards_plan(("detector", LAST))
    return [name for app, name in plan if app == "detector"]


def test_both_ways_lead_to_the_same_models() -> None:
    old = MigrationLoader(None, replace_migrations=False)
    before = old.project_state([*_leaves_of_others(), ("detector", LAST)])
    after = MigrationLoader(None).project_state([*_leaves_of_others(), ("detector", FIRST)])
    assert MigrationAutodetector(before, after).changes(old.graph) == {}
    assert MigrationAutodetector(after, before).changes(old.graph) == {}


def _leaves_of_others() -> list[tuple[str, str]]:
    leaves = MigrationLoader(None).graph.leaf_nodes()
    return [(app, name) for app, name in leaves if app != "detector"]


def test_all_that_is_replaced_is_there_and_nothing_else() -> None:
    folder = Path(migrations.__path__[-1])
    assert sorted(file.stem for file in folder.glob("[0-9]*.py")) == sorted(REPLACED)


@pytest.mark.django_db
def test_dismissed_faces_leave_the_order_by_confidence() -> None:
    kept, dismissed = (AnalysisFactory.create(best_confidence=0.9) for _ in range(2))
    for analysis in (kept, dismissed):
        FaceFactory.create(analysis=analysis, confidence=0.9)
        FaceFactory.create(analysis=analysis, index=1, confidence=0.4)
    dismissed.faces.filter(index=0).update(reviewed_emotion=Verdict.NOT_A_FACE)
    step = import_module("detector.migrations.0031_best_confidence_without_dismissed")
    step.find_best_anew(apps, None)
    for analysis, best in ((kept, 0.9), (dismissed, 0.4)):
        analysis.refresh_from_db()
        assert analysis.best_confidence == best
