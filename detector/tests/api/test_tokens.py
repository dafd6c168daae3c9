"""Tokens: how they are made, what they allow, how they end."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from detector.accounts import tokens
from detector.enums import Scope
from detector.models import ApiToken, User
from detector.tests.conftest import api_client
from detector.tests.factories import UserFactory
from detector.web.forms import token_lifetimes

NEXT_WEEK = datetime.now(UTC) + timedelta(days=7)
pytestmark = pytest.mark.django_db
URL = "/api/v1/tokens/"


def bearer(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_token_is_made_used_and_revoked(api: APIClient) -> None:
    made = api.post("/api/v1/tokens/", {"name": "kiosk"})
    assert made.status_code == 201
    token = made.json()
    assert token["token"] not in str(ApiToken.objects.values())
    kiosk = bearer(token["token"])
    assert kiosk.get("/api/v1/analyses/").status_code == 200
    listed = {item["name"]: item for item in api.get("/api/v1/tokens/").json()["results"]}
    assert listed.keys() == {"test", "kiosk"}
    assert "token" not in listed["kiosk"]
    assert api.delete(f"/api/v1/tokens/{token['id']}/").status_code == 204
    assert kiosk.get("/api/v1/analyses/").status_code == 401


def test_token_needs_a_name(api: APIClient) -> None:
    response = api.post("/api/v1/tokens/", {"name": ""})
    assert response.status_code == 400
    assert "name" in response.json()["error"]["details"]["fields"]


def test_expired_token(owner: User, api: APIClient) -> None:
    ApiToken.objects.filter(user=owner).update(expiry=datetime.now(UTC) - timedelta(seconds=1))
    assert api.get("/api/v1/analyses/").status_code == 401


def test_the_number_of_tokens_is_bounded(owner: User, api: APIClient, settings: Any) -> None:
    """Expired ones make room; each is told apart from one that never was for a while."""
    settings.TOKENS_A_PERSON = 3
    for name in "ab":
        made = api.post(URL, {"name": name})
        assert made.status_code == 201
    answer = api.post(URL, {"name": "c"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "too_many_tokens")
    web = Client()
    web.force_login(owner)
    number = web.get("/settings/").context["form_number"]
    form = {"name": "c", "scopes": ["read"], "days": "7", "number": number}
    page = web.post("/settings/tokens/", form).content.decode()
    assert "You have 3 tokens already. Revoke one" in page
    with pytest.raises(CommandError, match="3 tokens already"):
        call_command("create_api_token", owner.username)
    now = datetime.now(UTC)
    ApiToken.objects.filter(name="a").update(expiry=now - timedelta(days=29))
    ApiToken.objects.filter(name="b").update(expiry=now - timedelta(days=31))
    assert tokens.forget_expired() == 1
    assert {token.name for token in ApiToken.objects.all()} == {"test", "a"}
    for name, status in (("c", 201), ("d", 201), ("e", 409)):
        assert api.post(URL, {"name": name}).status_code == status
    assert {token.name for token in ApiToken.objects.all()} == {"test", "c", "d"}


@pytest.mark.parametrize(
    ("longest", "offered"),
    [
        (365, ["365 days", "90 days", "30 days", "7 days"]),
        (90, ["90 days", "30 days", "7 days"]),
        (1, ["1 day"]),
    ],
)
def test_each_lifetime_is_offered_once(longest: int, offered: list[str], settings: Any) -> None:
    settings.API_TOKEN_DAYS = longest
    assert [text for _, text in token_lifetimes()] == offered


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer nonsense", "Bearer a b", "Bearer \xff\xfe", "Basic eDp5"]
)
def test_wrong_credentials(header: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    response = client.get("/api/v1/analyses/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["error"].keys() == {"code", "message", "details", "request_id"}


def test_session_of_a_browser_needs_the_csrf_token(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.get("/api/v1/analyses/").status_code == 200
    response = client.post("/api/v1/tokens/", {"name": "x"}, content_type="application/json")
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "permission_denied"


@pytest.mark.parametrize("name", ["owner", "owner@example.com", "OWNER@example.com"])
def test_command_prints_only_the_token(owner: User, name: str) -> None:
    out = StringIO()
    call_command("create_api_token", name, stdout=out)
    secret = out.getvalue().strip()
    assert "\n" not in secret
    assert bearer(secret).get("/api/v1/analyses/").status_code == 200


def test_command_says_who_is_unknown() -> None:
    with pytest.raises(CommandError, match="No user is called nobody"):
        call_command("create_api_token", "nobody")


def test_two_users_with_one_address_need_the_name() -> None:
    UserFactory.create(username="a", email="same@example.com")
    UserFactory.create(username="b", email="same@example.com")
    with pytest.raises(CommandError, match="More than one"):
        call_command("create_api_token", "same@example.com")


def test_token_has_the_scopes_and_the_end_that_were_asked_for(api: APIClient) -> None:
    moment = datetime.now(UTC) + timedelta(days=3)
    made = api.post(URL, {"name": "x", "scopes": ["read"], "expires_at": moment.isoformat()})
    assert made.status_code == 201
    token = made.json()
    assert token["scopes"] == ["read"]
    assert datetime.fromisoformat(token["expires_at"]) == moment
    assert api.get(f"{URL}{token['id']}/").json()["name"] == "x"
    reader = bearer(token["token"])
    assert reader.get(URL).status_code == 200
    refused = reader.post(URL, {"name": "y"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "insufficient_scope")
    assert refused.json()["error"]["details"] == {"needed": "write"}


def test_usual_scopes_are_read_and_write(api: APIClient) -> None:
    assert api.post(URL, {"name": "x"}).json()["scopes"] == ["read", "write"]


def test_no_token_outlives_the_longest_life(api: APIClient, settings: Any) -> None:
    settings.API_TOKEN_DAYS = 30
    assert api.get("/api/v1/me/").json()["limits"]["token_days"] == 30
    now = datetime.now(UTC)
    wish = {"name": "late", "expires_at": (now + timedelta(days=30, minutes=1)).isoformat()}
    refused = api.post(URL, wish)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid")
    assert "later than" in refused.json()["error"]["details"]["fields"]["expires_at"][0]
    assert not ApiToken.objects.filter(name="late").exists()
    last = now + timedelta(days=30)
    made = api.post(URL, {"name": "x", "expires_at": last.isoformat()}).json()
    assert datetime.fromisoformat(made["expires_at"]) == last


@pytest.mark.parametrize(
    "wish",
    [{"scopes": []}, {"scopes": ["all"]}, {"expires_at": "2020-01-01T00:00:00Z"},
     {"expires_at": "soon"}, {"expires_at": f"{NEXT_WEEK:%Y-%m-%d}"},
     {"expires_at": f"{NEXT_WEEK:%Y-%m-%dT12:00:00}"}],
)  # fmt: skip
def test_wishes_that_make_no_sense(api: APIClient, wish: dict[str, Any]) -> None:
    response = api.post(URL, {"name": "x", **wish})
    assert response.status_code == 400
    assert set(response.json()["error"]["details"]["fields"]) == set(wish)


def test_token_gives_no_more_than_it_has(owner: User) -> None:
    writer = api_client(owner, [Scope.WRITE])
    refused = writer.post(URL, {"name": "x", "scopes": ["write", "review"]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "scope_not_held")
    assert refused.json()["error"]["details"] == {"scopes": ["review"]}
    assert writer.post(URL, {"name": "x", "scopes": ["write"]}).status_code == 201


def test_last_use_is_told_to_the_minute(owner: User, web: Client) -> None:
    client = api_client(owner)
    token = ApiToken.objects.get()
    assert token.last_used_at is None
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        token.expiry = None
        token.save()
        client.get(URL)
        clock.shift(59)
        client.get(URL)
        assert str(ApiToken.objects.get().last_used_at) == "2026-06-01 12:00:00+00:00"
        clock.shift(2)
        client.get(URL)
        assert str(ApiToken.objects.get().last_used_at) == "2026-06-01 12:01:01+00:00"
    page = web.get("/settings/").content.decode()
    assert "1 Jun 2026, 12:01" in page
    assert "read, write" in page


def test_no_token_stands_in_a_log(
    api: APIClient, caplog: pytest.LogCaptureFixture, owner: User
) -> None:
    with caplog.at_level("DEBUG"):
        secret = api.post(URL, {"name": "x"}).json()["token"]
        bearer(secret).get(URL)
        bearer(secret + "x").get(URL)
        bearer(secret).get("/api/v1/nothing/")
    assert secret[:20] not in caplog.text
