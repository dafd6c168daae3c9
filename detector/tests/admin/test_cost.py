"""Lists of the administration cost the same for few and for many rows."""

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from detector.models import Analysis, AuditEntry, Face, Photo
from detector.operations import demo
from detector.tests.admin.rows import one_of_each
from detector.tests.factories import UserFactory


def _queries(staff: Client, model: type[Model]) -> int:
    place = f"{model._meta.app_label}/{model._meta.model_name}"
    with CaptureQueriesContext(connection) as queries:
        assert staff.get(f"/admin/{place}/").status_code == 200
    return len(queries)


def test_lists_cost_the_same_for_10_and_for_1000_rows(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "MOST_DRAWN", 50)  # the others are copies, made in the database
    lists = list(admin.site._registry)
    for _ in range(10):
        one_of_each()
    empty = {model.__name__ for model in lists if model._default_manager.count() < 10}
    assert empty == set(), "What cannot be seen cannot be counted: add rows to one_of_each."
    for model in lists:
        _queries(staff, model)
    before = {model: _queries(staff, model) for model in lists}
    for _ in range(20):
        one_of_each()
    demo.seed(UserFactory.create(username="busy"), 1000)
    AuditEntry.objects.bulk_create(
        AuditEntry(actor_name="a", action="photo.erased", target_type="photo", target_id=str(n))
        for n in range(1000)
    )
    assert min(Photo.objects.count(), Analysis.objects.count(), Face.objects.count()) >= 1000
    assert {model: _queries(staff, model) for model in lists} == before
    assert max(before.values()) <= 15
