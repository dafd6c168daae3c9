"""Signing up, logging in, and a new password."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from detector.models import User

PASSWORD = "correct horse battery"


pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_landing_leads_to_sign_up() -> None:
    page = text_of(Client().get("/"))
    assert "/accounts/signup/" in page
    assert "/accounts/login/" in page


def test_sign_up_log_out_log_in() -> None:
    client = Client()
    form = {"email": "a@example.com", "password1": PASSWORD, "password2": PASSWORD, "consent": "on"}
    response = client.post("/accounts/signup/", {**form, "time_zone": "Europe/Berlin"})
    assert (response.status_code, response["Location"]) == (302, "/upload/")
    user = User.objects.get()
    assert (user.email, user.time_zone) == ("a@example.com", "Europe/Berlin")
    assert client.get("/history/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/history/").status_code == 302
    login = {"login": "a@example.com", "password": PASSWORD}
    assert client.post("/accounts/login/", login)["Location"] == "/history/"


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd", "localtime"])
def test_sign_up_without_a_usable_time_zone(zone: str) -> None:
    form = {"email": "a@example.com", "password1": PASSWORD, "password2": PASSWORD, "consent": "on"}
    assert Client().post("/accounts/signup/", {**form, "time_zone": zone}).status_code == 302
    assert User.objects.get().time_zone == "UTC"


def test_weak_password_is_refused() -> None:
    form = {
        "email": "a@example.com",
        "password1": "12345678",
        "password2": "12345678",
        "consent": "on",
    }
    assert Client().post("/accounts/signup/", form).status_code == 200
    assert not User.objects.exists()


def test_password_reset_by_mail(owner: User) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": owner.email})
    [message] = mail.outbox
    link = next(word for word in message.body.split() if "/accounts/password/reset/key/" in word)
    page = client.get(link.replace("http://testserver", ""), follow=True)
    url = page.redirect_chain[-1][0]
    client.post(url, {"password1": PASSWORD, "password2": PASSWORD})
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
