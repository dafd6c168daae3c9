"""Entries of the audit log cannot be changed or removed."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from detector.common import audit
from detector.models import AuditEntry, Photo, User
from detector.models.audit import AuditLogIsFinalError
from detector.photos import erasure
from detector.tests.factories import FaceFactory, ModelVersionFactory


@pytest.fixture
def entry(owner: User) -> AuditEntry:
    return audit.record(owner, "model.promoted", ModelVersionFactory.create(), before="v3")


def test_an_entry_says_who_did_what_to_what(owner: User, entry: AuditEntry) -> None:
    kept = AuditEntry.objects.get(pk=entry.pk)
    assert kept.actor == owner
    assert (kept.actor_name, kept.action) == ("owner", "model.promoted")
    assert (kept.target_type, kept.target_name) == ("modelversion", "test")
    assert kept.details == {"before": "v3"}


def test_what_a_person_keeps_goes_by_its_owner(owner: User) -> None:
    face = FaceFactory.create(analysis__photo__owner=owner)
    for target in (face, face.analysis, face.analysis.photo):
        assert audit.record(None, "thing.viewed", target).target_name == "of owner"
    assert AuditEntry.objects.about(face).get().actor_name == audit.COMMAND_LINE


CHANGES: dict[str, Callable[[AuditEntry], object]] = {
    "save": lambda entry: entry.save(),
    "delete": lambda entry: entry.delete(),
    "update many": lambda entry: AuditEntry.objects.update(action="x"),
    "delete many": lambda entry: AuditEntry.objects.filter(pk=entry.pk).delete(),
    "bulk update": lambda entry: AuditEntry.objects.bulk_update([entry], ["action"]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_model_refuses(entry: AuditEntry, change: Callable[[AuditEntry], object]) -> None:
    entry.action = "photo.viewed"
    with pytest.raises(AuditLogIsFinalError), transaction.atomic():
        change(entry)
    assert AuditEntry.objects.get().action == "model.promoted"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE detector_auditentry SET action = 'x'",
        "UPDATE detector_auditentry SET details = '{}'",
        "UPDATE detector_auditentry SET actor_id = NULL, actor_name = 'somebody'",
        "DELETE FROM detector_auditentry",
    ],
)
def test_the_database_refuses(entry: AuditEntry, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="audit log is final"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    kept = AuditEntry.objects.get()
    assert (kept.action, kept.details, kept.actor) == (entry.action, entry.details, entry.actor)


def test_it_outlives_the_account(owner: User, entry: AuditEntry) -> None:
    FaceFactory.create(analysis__photo__owner=owner)
    erasure.delete_account(owner)
    kept = AuditEntry.objects.get(action=entry.action)
    assert (kept.actor, kept.actor_name) == (None, "owner")
    assert not Photo.objects.exists()


def test_an_erasure_leaves_a_tombstone_that_tells_nothing(owner: User) -> None:
    photo = FaceFactory.create(analysis__photo__owner=owner).analysis.photo
    FaceFactory.create(analysis__photo__owner=owner)
    erased = [audit.tombstone(photo.pk), audit.tombstone(owner.pk)]
    erasure.delete_photo(photo)
    erasure.delete_account(owner)
    entries = AuditEntry.objects.order_by("id")
    # The account's stands for its photos.
    assert [(e.action, e.target_id) for e in entries] == [
        ("photo.erased", erased[0]),
        ("user.erased", erased[1]),
    ]
    assert {(e.actor, e.actor_name, e.target_name) for e in entries} == {(None, "erasure", "")}


@pytest.mark.django_db(transaction=True)
def test_tests_that_commit_can_be_cleaned_up_after() -> None:
    audit.record(None, "thing.done", None)
    assert AuditEntry.objects.count() == 1
