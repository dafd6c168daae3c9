"""Whoever erases accounts in the administration gets the receipts, written after the commit."""

import html
import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from detector.accounts import receipts, traces
from detector.accounts.identity import identity_of
from detector.admin.accounts import UserAdmin
from detector.models import Analysis, AuditEntry, User
from detector.tests.factories import UserFactory
from detector.tests.people import logged_in

LIST = "/admin/detector/user/"
# A transaction that commits: files are deleted after it, and the search must come after that.
committing = pytest.mark.django_db(transaction=True)


def receipts_on(page: str) -> list[dict[str, Any]]:
    """Return the receipts of a page, each of which can be downloaded as it is shown."""
    texts = [html.unescape(t) for t in re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)]
    links = re.findall(r'href="data:application/json;charset=utf-8,([^"]*)"', page)
    assert [unquote(link) for link in links] == texts
    return [receipts.verify(text) for text in texts]


def erase_chosen(staff: Client, *people: User) -> str:
    chosen = [str(person.pk) for person in people]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    return staff.post(LIST, form).content.decode()


@committing
@pytest.mark.parametrize("way", ["its page", "the list"])
def test_the_search_follows_the_commit(
    staff: Client, analysed: Analysis, owner: User, way: str
) -> None:
    identity = identity_of(owner)
    logged_in(owner)
    assert all(default_storage.exists(name) for name in identity.files)
    if way == "its page":
        answer = staff.post(f"{LIST}{owner.pk}/delete/", {"post": "yes"})
        assert "no-store" in answer["Cache-Control"]
        page, others = answer.content.decode(), 0
    else:
        page, others = erase_chosen(staff, owner, UserFactory.create()), 1
    found = receipts_on(page)
    assert len(found) == 1 + others
    [receipt] = [each for each in found if "photos" in each["deleted"]]
    assert receipt["reference"] == receipts.reference_of(identity.user_id)
    # Its files and its sessions, too.
    assert [each["search"]["traces"] for each in found] == [0] * len(found)
    assert identity.files
    assert traces.search(identity).number == 0
    done = list(AuditEntry.objects.values_list("action", flat=True))
    assert (done.count("user.deleted"), done.count("user.erased")) == (1 + others, 1 + others)


@committing
def test_all_that_were_chosen_or_none(
    staff: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, other = UserAdmin.delete_model, UserFactory.create()

    def fails_once(self: Any, request: Any, obj: User) -> None:
        real(self, request, obj)
        if AuditEntry.objects.filter(action="user.erased").count() == 2:
            raise RuntimeError("the second")

    monkeypatch.setattr(UserAdmin, "delete_model", fails_once)
    with pytest.raises(RuntimeError, match="the second"):
        erase_chosen(staff, owner, other)
    assert User.objects.filter(pk__in=[owner.pk, other.pk]).count() == 2
    assert not AuditEntry.objects.filter(action__startswith="user.").exists()


def test_who_erases_their_own_account_is_logged_out(staff: Client, admin_user: User) -> None:
    page = erase_chosen(staff, admin_user)
    assert len(receipts_on(page)) == 1
    assert staff.get(LIST).status_code == 302
    assert json.dumps(admin_user.username) not in page
