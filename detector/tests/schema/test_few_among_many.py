"""Pages that show few of many photos ask the index of these few.

SQLite does not know how many rows fit. Among indexes that fit equally well it takes the newest, so
one that is added later can take the place of the right one, and slow down a long history.
"""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from detector.insights import totals
from detector.models import User

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows how many rows fit"),
]


@pytest.mark.parametrize("status", ["queued", "running", "failed"])
def test_photos_without_a_result(web: Client, api: APIClient, status: str) -> None:
    assert "analysis_without_result " in plans(web, f"/history/?status={status}")
    assert "analysis_without_result_by_id " in plans(api, f"/api/v1/analyses/?status={status}")


def test_their_number_in_the_insights(owner: User) -> None:
    with CaptureQueriesContext(connection) as captured:
        totals.summary(owner)
    assert "analysis_without_result" in plans_of(captured), "either one"


def test_the_bin(web: Client) -> None:
    assert plans(web, "/bin/").count("photo_trash ") >= 2, "the number, and the page"


def plans(client: Client, address: str) -> str:
    """Return the plans of all queries of a page."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return plans_of(captured)


def plans_of(captured: CaptureQueriesContext) -> str:
    lines = []
    with connection.cursor() as cursor:
        for query in captured:
            if query["sql"].startswith("SELECT"):
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                lines += [f"{row[3]} " for row in cursor.fetchall()]
    return "\n".join(lines)
