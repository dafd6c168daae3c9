"""Queries of a worker's turn."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from detector.analyses import submission, turns
from detector.enums import Source, Status
from detector.models import Analysis, User

TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def test_a_turn_asks_little(
    owner: User,
    picture: Callable[..., SimpleUploadedFile],
    sent: list[UUID],
    django_capture_on_commit_callbacks: Any,
) -> None:
    for _ in range(2):
        sent.clear()
        with django_capture_on_commit_callbacks(execute=True):
            submission.submit(owner, [picture()], Source.WEB)
        with CaptureQueriesContext(connection) as asked:
            turns.take()
        analysis = Analysis.objects.get(pk=sent[0])
        assert (analysis.status, analysis.faces.count()) == (Status.DONE, 1)
    # The first turn also writes the row of the network.
    queries = [query["sql"] for query in asked if not query["sql"].startswith(TRANSACTION)]
    assert len(queries) <= 12, "\n".join(queries)
    assert len(asked) - len(queries) == 2
    # What no analysis needs costs time at each photo.
    assert not any(word in query for query in queries for word in ('"note"', '"password"'))
