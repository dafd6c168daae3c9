"""Check what accounts tell strangers: not whether an address is known; and where links lead."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from detector.models import User
from detector.tests.factories import UserFactory
from detector.web import forms

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
KNOWN, NEW = "known@example.com", "fresh@example.com"


@pytest.fixture(autouse=True)
def known() -> User:
    user = UserFactory.create(username="known", email=KNOWN)
    user.set_password("another long pass phrase")
    user.save()
    return user


@pytest.fixture(params=["none", "optional", "mandatory"])
def verification(request: pytest.FixtureRequest, settings: Any) -> str:
    mode = str(request.param)
    settings.ACCOUNT_EMAIL_VERIFICATION = mode
    settings.ACCOUNT_PREVENT_ENUMERATION = True if mode == "mandatory" else "strict"
    return mode


def sign_up(client: Client, email: str) -> Any:
    form = {"email": email, "password1": PASSWORD, "password2": PASSWORD, "consent": "on"}
    return client.post("/accounts/signup/", form, follow=True)


def told(response: Any, *secret: str) -> tuple[Any, ...]:
    """Return what a stranger sees, without what differs between any two responses."""
    text = response.content.decode()
    for word in secret:
        text = text.replace(word, "…")
    text = re.sub(
        r'(name="csrfmiddlewaretoken" value|hx-headers|nonce|data-person)=("[^"]*"|\'[^\']*\')',
        "",
        text,
    )
    return response.redirect_chain, response.status_code, text


@pytest.mark.usefixtures("verification")
def test_sign_up_tells_nothing(known: User, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [told(sign_up(Client(), email), email) for email in (NEW, KNOWN)]
    assert answers[0] == answers[1]
    assert User.objects.filter(email=NEW).count() == 1
    known.refresh_from_db()
    assert known.check_password("another long pass phrase")


def test_both_kinds_of_sign_up_hash_a_password(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION, settings.ACCOUNT_PREVENT_ENUMERATION = "mandatory", True
    hashed: list[str] = []
    monkeypatch.setattr(forms, "make_password", hashed.append)
    sign_up(Client(), KNOWN)
    assert hashed == [PASSWORD]
    assert [message.to for message in mail.outbox] == [[KNOWN]]
    assert User.objects.count() == 1


def test_names_do_not_tell_which_are_taken() -> None:
    for email in ("known@other.example", "free@other.example"):
        sign_up(Client(), email)
        name = User.objects.get(email=email).username
        assert re.fullmatch(email.partition("@")[0] + r"\d*-[0-9a-f]{8}", name)


def test_second_account_of_an_address_is_apart(known: User) -> None:
    """Where addresses are not confirmed, each is reached by its own password alone."""
    stranger = Client()
    sign_up(stranger, KNOWN)
    assert User.objects.filter(email=KNOWN).count() == 2
    for password, number in (("another long pass phrase", 0), (PASSWORD, 1)):
        client = Client()
        client.post("/accounts/login/", {"login": KNOWN, "password": password})
        user = User.objects.filter(email=KNOWN).order_by("pk")[number]
        assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.usefixtures("verification")
@pytest.mark.parametrize(
    ("path", "field"),
    [("/accounts/password/reset/", "email"), ("/accounts/login/", "login")],
)  # fmt: skip
def test_reset_and_log_in_tell_nothing(path: str, field: str) -> None:
    form = {"password": "wrong"} if field == "login" else {}
    answers = [
        told(Client().post(path, {field: email, **form}, follow=True), email)
        for email in (NEW, KNOWN)
    ]
    assert answers[0] == answers[1]


@pytest.mark.usefixtures("verification")
def test_change_of_address_tells_nothing(owner: User) -> None:
    answers = []
    for email in (NEW, KNOWN):
        owner.set_password(PASSWORD)
        owner.save()
        EmailAddress.objects.filter(user=owner).delete()
        EmailAddress.objects.create(user=owner, email=owner.email, primary=True, verified=True)
        client = Client()
        client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
        page = client.post("/accounts/email/", {"action_add": "", "email": email}, follow=True)
        answers.append(told(page, email))
    assert answers[0] == answers[1]


def reset_link(host: str, **more: Any) -> str:
    mail.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": KNOWN}, HTTP_HOST=host, **more)
    [message] = mail.outbox
    [link] = re.findall(r"https?://\S+/accounts/password/reset/key/\S+", str(message.body))
    assert host == "localhost" or host not in str(message.body)
    return str(link)


@pytest.mark.parametrize("host", ["localhost:1234", "localhost:443443", "127.0.0.1:31337"])
def test_links_in_mails_keep_no_port_of_a_request(settings: Any, host: str) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    assert reset_link(host).startswith(f"http://{host.partition(':')[0]}/accounts/")


def test_links_in_mails_name_the_port_that_is_served(settings: Any) -> None:
    settings.ALLOWED_HOSTS, settings.SITE_PORT = ["localhost", "[::1]"], 8000
    mail.outbox.clear()
    for host in ("localhost:8000", "[::1]:8000", "[::1]:8001", "[::1]"):
        Client().post("/accounts/password/reset/", {"email": KNOWN}, HTTP_HOST=host)
    links = [re.findall(r"http://(\S+?)/accounts/", str(message.body)) for message in mail.outbox]
    assert links == [["localhost:8000"], ["[::1]:8000"], ["[::1]"], ["[::1]"]]


def test_links_in_mails_begin_with_the_address_of_the_site(settings: Any) -> None:
    settings.ALLOWED_HOSTS, settings.SITE_URL_SAID = ["localhost"], "https://faces.example"
    assert reset_link("localhost").startswith("https://faces.example/accounts/")
    assert reset_link("localhost:99").startswith("https://faces.example/accounts/")


def test_no_mail_names_the_port_of_a_request(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION, settings.ACCOUNT_PREVENT_ENUMERATION = "mandatory", True
    settings.ALLOWED_HOSTS = ["localhost"]
    client = Client(HTTP_HOST="localhost:4321")
    for email in (NEW, KNOWN):
        form = {"email": email, "password1": PASSWORD, "password2": PASSWORD, "consent": "on"}
        client.post("/accounts/signup/", form)
        client.post("/accounts/password/reset/", {"email": email})
    client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert len(mail.outbox) == 5
    assert not [message for message in mail.outbox if "4321" in f"{message.subject}{message.body}"]


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/"])
def test_guesses_are_limited_by_the_embedded_cache(settings: Any, tmp_path: Any, path: str) -> None:
    """Its counts lie in files, so that all processes of a host share them."""
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": tmp_path}}
    for number in range(31):
        form = {"login": f"{number}@example.com", "password": "x", "email": f"{number}@example.com"}
        answer = Client().post(path, form)
        if number == 11 and path == "/accounts/login/":
            assert "Too many failed login attempts" in answer.content.decode()
    assert answer.status_code == 429


def test_administration_has_no_log_in_of_its_own() -> None:
    answer = Client().post("/admin/login/", {"username": "known", "password": "x"})
    assert answer["Location"].startswith("/accounts/login/")
