"""Test that an erasure gives its receipt in an outage, and names what it could not search."""

import pytest
from django.core.cache import caches
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from detector.accounts import receipts
from detector.models import Analysis, User
from detector.tests.people import logged_in

pytestmark = pytest.mark.django_db
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def outage(analysed: Analysis, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let neither the storage nor the queue nor the cache answer."""

    def fail(*_: object) -> bool:
        raise OSError("The storage does not answer.")

    settings.REDIS_URL = NOBODY
    monkeypatch.setattr(storages["default"], "exists", fail)
    monkeypatch.setattr(storages["default"], "listdir", fail)
    monkeypatch.setattr(caches["default"], "delete_many", fail)


@pytest.mark.usefixtures("outage")
def test_a_person_gets_a_receipt_that_names_what_was_not_searched(
    owner: User,
) -> None:
    owner.set_password("a long secret")
    owner.save()
    person = logged_in(owner)
    person.post("/accounts/reauthenticate/", {"password": "a long secret"})
    page = person.post("/settings/erase/")
    assert not User.objects.filter(pk=owner.pk).exists()
    receipt = receipts.verify(page.context["text"])
    assert receipt["search"]["traces"] == 0
    assert receipt["search"]["not_searched"] == ["storage", "caches", "queue"]
    assert "storage, caches, queue" in page.content.decode()


@pytest.mark.usefixtures("outage")
def test_an_operator_is_told(owner: User, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="not searched for in: storage, caches, queue"):
        call_command("erase_account", owner.username, "--yes")
    assert receipts.verify(capsys.readouterr().out)["erased"] == "account"
