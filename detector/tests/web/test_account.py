"""Consent, preferences, retention, two steps, sessions, and the end of an account."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from rest_framework.test import APIClient

from detector import consent
from detector.models import Analysis, Photo, User
from detector.templatetags.sessions import browser
from detector.tests.factories import LiveSessionFactory, UserFactory, VideoFactory

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture
def person(owner: User) -> Client:
    """Log the owner in and reauthenticate, as sensitive pages require."""
    owner.set_password(PASSWORD)
    owner.save()
    client = Client()
    response = client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    assert response["Location"] == "/history/"
    again = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert again.status_code == 302
    return client


# --- Consent


@pytest.fixture
def unasked(web: Client, owner: User) -> Client:
    User.objects.filter(pk=owner.pk).update(consent_version="", consented_at=None)
    return web


def sign_up(**more: str) -> Any:
    form = {"email": "a@example.com", "password1": PASSWORD, "password2": PASSWORD}
    return Client().post("/accounts/signup/", {**form, **more})


def test_no_account_without_consent() -> None:
    page = sign_up()
    assert page.status_code == 200
    assert "Without your consent" in text_of(page)
    assert not User.objects.exists()


def test_all_that_is_wrong_with_a_sign_up_is_said_at_once() -> None:
    page = sign_up(email="nobody", password1="123", password2="1234")
    errors = page.context["form"].errors
    assert set(errors) == {"email", "password1", "password2", "consent"}
    assert len(errors["password1"]) > 1
    assert all(escape(sentence) in text_of(page) for told in errors.values() for sentence in told)
    # The browser does not stop at the first field before the server is asked.
    assert " novalidate" in text_of(Client().get("/accounts/signup/"))


def test_consent_is_kept_with_version_and_time() -> None:
    before = timezone.now()
    assert sign_up(consent="on").status_code == 302
    user = User.objects.get()
    assert user.consent_version == consent.VERSION
    assert user.consented_at is not None
    assert before <= user.consented_at <= timezone.now()


def test_a_new_text_asks_again_and_leads_back(
    web: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert web.get("/history/").status_code == 200
    monkeypatch.setattr(consent, "VERSION", "2099-01")
    response = web.get("/history/?emotion=sad")
    assert response["Location"] == "/consent/?next=%2Fhistory%2F%3Femotion%3Dsad"
    page = text_of(web.get(response["Location"]))
    assert "text has changed" in page
    assert "I agree" in page
    agreed = web.post("/consent/", {"next": "/history/?emotion=sad", "version": "2099-01"})
    assert agreed["Location"] == "/history/?emotion=sad"
    assert web.get("/history/").status_code == 200
    owner.refresh_from_db()
    assert owner.consent_version == "2099-01"


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "nowhere"])
def test_agreeing_leads_to_no_other_place(elsewhere: str, unasked: Client) -> None:
    form = {"next": elsewhere, "version": consent.VERSION}
    assert unasked.post("/consent/", form)["Location"] == "/history/"


def test_nobody_agrees_to_a_text_that_they_were_not_shown(
    unasked: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = unasked.get("/consent/").context["version"]
    assert f'name="version" value="{shown}"' in text_of(unasked.get("/consent/"))
    monkeypatch.setattr(consent, "VERSION", "2099-01")
    monkeypatch.setattr(consent, "REVIEW_VERSION", "2099-01")
    answer = unasked.post("/consent/", {"next": "/upload/", "version": shown})
    assert answer["Location"] == "/consent/?next=%2Fupload%2F"
    assert "The text has changed" in text_of(unasked.get(answer["Location"]))
    owner.refresh_from_db()
    assert not owner.has_consented
    assert unasked.post("/consent/", {"version": "2099-01"})["Location"] == "/history/"
    page = unasked.post("/settings/reviews/", {"agree": "yes", "version": "2026-11"}, follow=True)
    assert "The text has changed" in text_of(page)
    owner.refresh_from_db()
    assert owner.review_consent_version == ""
    late = sign_up(consent="on", review_consent="on", texts="2025-01 2025-01")
    assert late.status_code == 302
    user = User.objects.get(email="a@example.com")
    assert (user.consent_version, user.review_consent_version) == ("", "")


def test_who_has_not_agreed_can_leave_and_programs_go_on(unasked: Client, api: APIClient) -> None:
    assert unasked.get("/upload/").status_code == 302
    assert unasked.post("/upload/")["Location"] == "/consent/?next=%2Fupload%2F"
    assert unasked.get("/settings/erase/")["Location"].startswith("/accounts/reauthenticate/")
    assert unasked.get("/").status_code == 200
    assert api.get("/api/v1/analyses/").status_code == 200
    part = unasked.get("/history/", headers={"HX-Request": "true"})
    assert part["HX-Redirect"] == "/consent/?next=%2Fhistory%2F"
    assert unasked.post("/accounts/logout/").status_code == 302
    assert unasked.get("/history/")["Location"].startswith("/accounts/login/")


def test_anyone_can_read_what_there_is_to_agree_to(web: Client) -> None:
    assert "An expression is not a feeling" in text_of(Client().get("/consent/"))
    assert Client().post("/consent/").status_code == 200
    assert "You agreed to this on" in text_of(web.get("/consent/"))


def test_consent_needs_both_version_and_time(owner: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=owner.pk).update(consented_at=None)


# --- Preferences


def test_preferences_are_kept(web: Client, owner: User) -> None:
    form = {"time_zone": "Europe/Berlin", "theme": "dark", "date_language": "fr"}
    assert web.post("/settings/", form).status_code == 302
    owner.refresh_from_db()
    assert (owner.time_zone, owner.theme, owner.date_language) == ("Europe/Berlin", "dark", "fr")
    # What is not sent stays.
    assert web.post("/settings/", {"time_zone": "UTC"}).status_code == 302
    owner.refresh_from_db()
    assert (owner.time_zone, owner.theme, owner.date_language) == ("UTC", "dark", "fr")


@pytest.mark.parametrize("wrong", [{"theme": "pink"}, {"date_language": "tlh"}])
def test_preferences_that_do_not_exist(web: Client, owner: User, wrong: dict[str, str]) -> None:
    assert web.post("/settings/", {"time_zone": "UTC", **wrong}).status_code == 200
    owner.refresh_from_db()
    assert owner.theme == "system"


# --- Retention


def test_an_account_ends_with_everything(person: Client, owner: User, analysed: Analysis) -> None:
    VideoFactory.create_batch(2, owner=owner)
    LiveSessionFactory.create(owner=owner)
    asked = text_of(person.get("/settings/erase/"))
    for what in ("1 photo<", "2 videos<", "1 live session<"):
        assert what in asked
    assert " data-once>" in asked
    page = person.post("/settings/erase/", follow=True)
    assert "were deleted" in text_of(page)
    assert not User.objects.filter(pk=owner.pk).exists()
    assert not Photo.objects.exists()
    assert person.get("/history/").status_code == 302


def test_an_account_does_not_end_without_a_password(web: Client, owner: User) -> None:
    assert web.post("/settings/erase/")["Location"].startswith("/accounts/reauthenticate/")
    assert User.objects.filter(pk=owner.pk).exists()


# --- Two steps and sessions


@pytest.fixture
def secret(person: Client) -> str:
    """Turn on two-step login of the owner on the page. Return the secret."""
    page = person.get("/accounts/2fa/totp/activate/")
    assert "data:image/svg" in text_of(page)
    key = str(page.context["form"].secret)
    assert key in text_of(page)
    response = person.post("/accounts/2fa/totp/activate/", {"code": code_of(key)})
    assert response.status_code == 302
    return key


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_two_steps(person: Client, owner: User, secret: str) -> None:
    assert "Show" in text_of(person.get("/accounts/2fa/"))
    codes = person.get("/accounts/2fa/recovery-codes/")
    code = codes.context["unused_codes"][0]
    assert code in text_of(codes)
    assert "no longer work" in text_of(person.get("/accounts/2fa/recovery-codes/generate/"))
    assert "On" in text_of(person.get("/settings/"))
    client = Client()
    first = client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    assert first["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/history/").status_code == 302
    assert "second step" in text_of(client.get(first["Location"]))
    assert "Incorrect code" in text_of(client.post(first["Location"], {"code": "000000"}))
    assert client.post(first["Location"], {"code": code}).status_code == 302
    assert client.get("/history/").status_code == 200


def test_two_steps_turned_off(person: Client, secret: str) -> None:
    assert "alone will be enough" in text_of(person.get("/accounts/2fa/totp/deactivate/"))
    assert person.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert "Turn on" in text_of(person.get("/accounts/2fa/"))


def test_an_address_is_confirmed(client: Client, owner: User) -> None:
    address = EmailAddress.objects.create(user=owner, email="second@example.com")
    page = f"/accounts/confirm-email/{EmailConfirmationHMAC(address).key}/"
    assert "second@example.com" in text_of(client.get(page))
    assert client.post(page).status_code == 302
    address.refresh_from_db()
    assert address.verified


def test_the_administration_has_no_login_of_its_own() -> None:
    assert Client().get("/admin/login/")["Location"].startswith("/accounts/login/")


def test_sessions_are_listed_and_ended(person: Client, owner: User) -> None:
    other = Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) Version/17 Safari/604"})
    other.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    page = text_of(person.get("/accounts/sessions/"))
    assert "Safari on iPhone" in page
    assert page.count("This device") == 1
    assert "everywhere else" in page
    person.post("/accounts/sessions/")
    assert other.get("/history/").status_code == 302
    assert person.get("/history/").status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 Edg/120.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Firefox/120.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8", "A program"),
        ("", "A program"),
    ],
)
def test_browser_names(user_agent: str, name: str) -> None:
    assert browser(user_agent) == name


def test_a_person_of_the_factory_has_agreed() -> None:
    assert UserFactory.create().has_consented
