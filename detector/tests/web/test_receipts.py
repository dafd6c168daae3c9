"""The receipt at the end of an account, and the page that verifies it."""

import html
import re

import pytest
from django.test import Client

from detector.accounts import receipts
from detector.models import Analysis, User
from detector.tests.people import logged_in

pytestmark = pytest.mark.django_db


def test_a_receipt_is_checked_on_its_page(owner: User) -> None:
    anyone = Client()
    assert "Paste one" in anyone.get("/receipt/").content.decode()
    text = receipts.signed(
        {"erased": "account", "erased_at": "2026-01-01T10:00:00+00:00", "reference": "ab",
         "deleted": {"photos": 3000}, "search": {"traces": 0}}
    )  # fmt: skip
    page = anyone.post("/receipt/", {"receipt": text}).content.decode()
    assert "This site signed this receipt" in page
    assert "No trace" in page
    assert "3,000" in page
    assert ">1 Jan 2026, " in page
    surrogate = '{"signature": "", "public_key": "", "x": "\\ud800"}'
    for wrong in ("", "<b>x</b>", text.replace("3000", "2"), "[" * 100_000, surrogate):
        page = anyone.post("/receipt/", {"receipt": wrong}).content.decode()
        assert "This site signed" not in page
        assert "<b>x</b>" not in page


def test_who_ends_an_account_gets_one_that_verifies(owner: User, analysed: Analysis) -> None:
    owner.set_password("a long secret")
    owner.save()
    person = logged_in(owner)
    person.post("/accounts/reauthenticate/", {"password": "a long secret"})
    answer = person.post("/settings/erase/")
    assert answer["Cache-Control"] == "no-store"
    page = answer.content.decode()
    assert "kept nowhere here" in page
    [found] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    receipt = receipts.verify(html.unescape(found))
    assert receipt["deleted"]["photos"] == 1
    assert receipt["search"]["kind"] == "quick"
    assert not User.objects.filter(pk=owner.pk).exists()
