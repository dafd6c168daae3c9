"""Queries of a worker's turn."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.sql.compiler import SQLCompiler, SQLUpdateCompiler
from django.test.utils import CaptureQueriesContext

from detector.analyses import submission, turns
from detector.enums import Source, Status
from detector.models import Analysis, ModelVersion, User

TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def test_a_turn_asks_little(
    owner: User,
    picture: Callable[..., SimpleUploadedFile],
    sent: list[UUID],
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[object] = []
    for compiler in (SQLCompiler, SQLUpdateCompiler):
        monkeypatch.setattr(compiler, "as_sql", _noting(built, compiler.as_sql))
    for _ in range(2):
        sent.clear()
        with django_capture_on_commit_callbacks(execute=True):
            submission.submit(owner, [picture()], Source.WEB)
        built.clear()
        with CaptureQueriesContext(connection) as asked:
            turns.take()
        building = list(built)
        analysis = Analysis.objects.get(pk=sent[0])
        assert (analysis.status, analysis.faces.count()) == (Status.DONE, 1)
    # The first turn also writes the row of the network.
    queries = [query["sql"] for query in asked if not query["sql"].startswith(TRANSACTION)]
    assert len(queries) <= 12, "\n".join(queries)
    assert len(asked) - len(queries) == 2
    # To build a query costs more than to run it. Only the faces' INSERT is built at each photo, and
    # here, where no version is active, a query for that of the network.
    assert building == [ModelVersion]
    # What no analysis needs costs time at each photo.
    assert not any(word in query for query in queries for word in ('"note"', '"password"'))


def _noting(built: list[object], build: Callable[..., Any]) -> Callable[..., Any]:
    def noted(compiler: SQLCompiler, *arguments: Any, **options: Any) -> Any:
        built.append(compiler.query.model)
        return build(compiler, *arguments, **options)

    return noted
