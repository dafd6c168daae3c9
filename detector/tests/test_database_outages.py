"""Outages of the database: reported, waited for, and recovered from."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any
from uuid import UUID

import environ
import pytest
from django.db import (
    InterfaceError,
    InternalError,
    OperationalError,
    close_old_connections,
    connection,
    connections,
)
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend
from django.test import Client
from rest_framework.test import APIClient

from detector.analyses import pipeline, submission
from detector.common import leases, outages
from detector.enums import Source, Status
from detector.learning import runner
from detector.models import Analysis, FineTune, User
from detector.tests.outages import HTMX, URL, MakePicture, assert_unavailable, files, named
from detector.tests.services_needed import need_postgresql
from detector.web import health

pytestmark = pytest.mark.django_db


@contextmanager
def database_away(error: Exception) -> Iterator[None]:
    """Let every query fail, as if the server was stopped."""

    def refuse(*_: Any) -> None:
        raise error

    with connection.execute_wrapper(refuse):
        yield


AWAY = [
    OperationalError("server closed the connection unexpectedly"),
    InterfaceError("connection already closed"),
    OperationalError("database is locked"),
]
each_way = pytest.mark.parametrize("error", AWAY, ids=str)


@each_way
def test_programs_get_the_envelope(
    api: APIClient, analysed: Analysis, picture: MakePicture, error: Exception
) -> None:
    api.raise_request_exception = False
    with database_away(error):
        answers = [
            api.get(URL),
            api.get(f"{URL}{analysed.pk}/"),
            api.get(f"{URL}{analysed.pk}/image/"),
            api.delete(f"{URL}{analysed.pk}/"),
            api.post(URL, {"images": [picture()]}, format="multipart"),
            api.get("/api/v1/stats/summary/"),
        ]
    for answer in answers:
        assert_unavailable(answer, "database_unavailable")
    assert files() == named()


@each_way
@pytest.mark.parametrize("path", ["/history/", "/upload/", "/settings/", "/admin/", "/", "/no/"])
def test_people_get_a_page_that_needs_no_database(web: Client, path: str, error: Exception) -> None:
    """The session is the first query, before any view."""
    web.raise_request_exception = False
    with database_away(error):
        page = web.get(path)
        notice = web.get(path, headers=HTMX)
    for answer in (page, notice):
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert outages.database_away().message in answer.content.decode()
    assert "<html" in page.content.decode()
    assert notice["HX-Retarget"] == "#notices"


def test_log_in_and_a_session_that_cannot_be_written(owner: User) -> None:
    client = Client(raise_request_exception=False)
    form = {"login": "owner", "password": "x"}

    def no_writing(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE")):
            raise OperationalError("attempt to write a readonly database")
        return execute(sql, *rest)

    with database_away(AWAY[0]):
        assert client.post("/accounts/login/", form).status_code == 503
    client.force_login(owner)
    with connection.execute_wrapper(no_writing):
        answer = client.post("/settings/", {"time_zone": "UTC"})
        client.cookies["sessionid"] = client.session.session_key or ""
        tokens = client.post("/settings/tokens/", {"name": "x", "scopes": ["read"], "days": 30})
    assert 503 in (answer.status_code, tokens.status_code)
    assert 500 not in (answer.status_code, tokens.status_code)


def test_health_is_told_while_it_is_away() -> None:
    health._recent_checks.cache_clear()
    with database_away(AWAY[0]):
        assert Client().get("/healthz").status_code == 200
        checks = Client().get("/readyz").json()["checks"]
    assert (checks["database"], checks["worker"]) == ("unavailable", "unavailable")
    health._recent_checks.cache_clear()


@pytest.fixture
def read_only() -> Iterator[BaseDatabaseWrapper]:
    """Connect to a PostgreSQL server that only reads, as one does that waits for its turn."""
    usual = connections["default"]
    address = deepcopy(usual.settings_dict) | environ.Env.db_url_config(need_postgresql())
    address["OPTIONS"] = {"options": "-c default_transaction_read_only=on"}
    other = load_backend(address["ENGINE"]).DatabaseWrapper(address, "default")
    connections["default"] = other
    try:
        yield other
    finally:
        other.close()
        connections["default"] = usual


def test_a_server_that_only_reads_is_an_outage(read_only: BaseDatabaseWrapper) -> None:
    with pytest.raises(InternalError) as refused, read_only.cursor() as cursor:
        cursor.execute("CREATE TABLE something (id integer)")
    outage = outages.outage_in(refused.value)
    assert outage is not None
    assert outage.code == "database_unavailable"
    assert health._problem(health._database) == "it is read-only"


@each_way
@pytest.mark.django_db(transaction=True)
def test_a_photo_is_put_back_when_the_database_answers_again(
    owner: User, picture: MakePicture, sent: list[UUID], error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    submission.submit(owner, [picture()], Source.API)
    left = [3]

    def flaky(execute: Any, sql: str, *rest: Any) -> Any:
        # The claim succeeds, and the queries after it fail for a while.
        told = (
            sql.startswith('UPDATE "detector_analysis"')
            and "started_at" not in sql.split("WHERE")[0]
        )
        if left[0] and (told or 'FROM "detector_modelversion"' in sql):
            left[0] -= 1
            raise error
        return execute(sql, *rest)

    monkeypatch.setattr(leases, "PATIENCE_SECONDS", (0, 0, 0, 0))
    with connection.execute_wrapper(flaky):
        pipeline.run(sent[0])
    assert left == [0]
    analysis = Analysis.objects.get()
    assert (analysis.status, analysis.attempt) == (Status.QUEUED, 0)


def test_wrong_sql_is_our_fault(web: Client) -> None:
    cause = sqlite3.OperationalError("no such table: detector_photo")
    cause.sqlite_errorcode = sqlite3.SQLITE_ERROR
    error = OperationalError(str(cause))
    error.__cause__ = cause
    web.raise_request_exception = False
    with database_away(error):
        assert web.get("/history/").status_code == 500


@pytest.mark.parametrize("error", [ValueError("x"), OSError("x"), FileNotFoundError(2, "x")])
def test_other_errors_are_no_outages(error: Exception) -> None:
    assert outages.outage_in(error) is None
    assert outages.outage_in(None) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite locks the whole file")
def test_sqlite_locked_for_longer_than_its_timeout(
    api: APIClient, web: Client, picture: MakePicture
) -> None:
    api.raise_request_exception = web.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(connection.settings_dict["NAME"])
    try:
        other.execute("BEGIN IMMEDIATE")
        upload = api.post(URL, {"images": [picture()]}, format="multipart")
        page = web.post("/upload/", {"images": [picture()]})
        other.rollback()
    finally:
        other.close()
    assert_unavailable(upload, "database_unavailable")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert files() == set()
    assert api.post(URL, {"images": [picture()]}, format="multipart").status_code == 202
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server to lose")
def test_a_connection_that_the_server_ended(web: Client) -> None:
    web.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()
    assert web.get("/history/").status_code == 503
    # As Django does between requests, but not for its test client.
    close_old_connections()
    assert web.get("/history/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_connection_is_kept_from_task_to_task() -> None:
    connection.close()
    connection.ensure_connection()
    opened = connection.connection
    outages.drop_dead_connection()
    assert connection.connection is opened


@each_way
def test_training_lives_through_a_database_that_is_away(error: Exception) -> None:
    running = FineTune.objects.all()
    with database_away(error):
        assert runner._update(running, {})
    assert not runner._update(running, {})
