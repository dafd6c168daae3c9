"""The pages of webhooks, from the form to what was told."""

import re
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client, TestCase
from django.utils import timezone

from detector.accounts import tokens
from detector.enums import DeliveryStatus, Event
from detector.models import ApiToken, User, WebhookDelivery, WebhookEndpoint
from detector.tests.factories import WebhookDeliveryFactory, WebhookEndpointFactory
from detector.tests.people import logged_in

pytestmark = pytest.mark.django_db
URL = "/settings/webhooks/"
TARGET = "http://127.0.0.1:9/hook"


def number(web: Client, url: str) -> str:
    page = web.get(url).content.decode()
    found = re.search(r'name="number" value="(\w+)"', page)
    assert found
    assert " data-once " in page
    return found[1]


def add(web: Client, **more: Any) -> Any:
    form = {"url": TARGET, "events": ["analysis.done"], "description": "kiosk"}
    return web.post(URL, {**form, "number": number(web, URL), **more})


def test_secret_is_shown_once(web: Client, owner: User, settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    form = {"url": TARGET, "events": Event.values, "number": number(web, URL)}
    page = web.post(URL, form).content.decode()
    endpoint = WebhookEndpoint.objects.get(owner=owner)
    assert endpoint.secret in page
    assert endpoint.events == Event.values
    assert web.post(URL, form).status_code == 302
    assert WebhookEndpoint.objects.count() == 1
    for url in (URL, f"{URL}{endpoint.pk}/", "/settings/"):
        assert endpoint.secret not in web.get(url).content.decode()


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"url": "http://10.0.0.1/"}, "not a public one"),
        ({"url": "nonsense"}, "Enter a valid URL"),
        ({"events": []}, "required"),
        ({"events": ["photo.eaten"]}, "Select a valid choice"),
    ],
)
def test_form_says_what_is_wrong(web: Client, wish: dict[str, Any], said: str) -> None:
    assert said in add(web, **wish).content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_too_many(web: Client, owner: User, settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    WebhookEndpointFactory.create_batch(settings.WEBHOOKS_A_PERSON, owner=owner)
    assert "webhooks already" in add(web).content.decode()


def test_is_disabled_enabled_and_deleted(web: Client, owner: User) -> None:
    now = timezone.now()
    endpoint = WebhookEndpointFactory.create(owner=owner, failures=3, failing_since=now)
    url = f"{URL}{endpoint.pk}/"
    assert "Failing" in web.get(url).content.decode()
    web.post(f"{url}switch/", {"disabled": "true"})
    page = web.get(url).content.decode()
    assert "You disabled it." in page
    assert "You disabled it." in web.get("/settings/").content.decode()
    web.post(f"{url}switch/", {"disabled": "false"})
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at, endpoint.failures) == (None, 0)
    web.post(f"{url}delete/")
    assert not WebhookEndpoint.objects.exists()


def test_what_was_told_is_shown_and_sent_again(
    web: Client, owner: User, deliver_sent: list[UUID]
) -> None:
    told = WebhookDeliveryFactory.create(
        endpoint__owner=owner, status=DeliveryStatus.FAILED, finished_at=timezone.now(),
        attempts=11, error="<script>refused</script>",
    )  # fmt: skip
    url = f"{URL}{told.endpoint_id}/"
    page = web.get(url).content.decode()
    assert "&lt;script&gt;refused" in page
    assert ">11<" in page
    with TestCase.captureOnCommitCallbacks(execute=True):
        web.post(f"{url}deliveries/{told.pk}/again/")
    copy = WebhookDelivery.objects.exclude(pk=told.pk).get()
    assert deliver_sent == [copy.pk]


def test_what_a_disabled_webhook_waits_for_is_said(web: Client, owner: User) -> None:
    endpoint = WebhookEndpointFactory.create(
        owner=owner, disabled_at=timezone.now(), disabled_reason="You disabled it."
    )
    told = WebhookDeliveryFactory.create(endpoint=endpoint)
    url = f"{URL}{endpoint.pk}/"
    page = web.post(f"{url}deliveries/{told.pk}/again/", follow=True).content.decode()
    assert "sent once the webhook is enabled" in page
    assert "until it is enabled" in page


def test_pages_ask_the_database_as_often_for_many(
    web: Client, owner: User, django_assert_max_num_queries: Any
) -> None:
    endpoint = WebhookEndpointFactory.create(owner=owner)
    WebhookEndpointFactory.create_batch(8, owner=owner)
    WebhookDeliveryFactory.create_batch(50, endpoint=endpoint)
    for url in (URL, f"{URL}{endpoint.pk}/"):
        with django_assert_max_num_queries(6):
            assert web.get(url).status_code == 200


def test_token_with_scopes_and_an_end(web: Client, owner: User) -> None:
    form = {"name": "kiosk", "scopes": ["read"], "days": "7", "number": number(web, "/settings/")}
    assert "Your new token" in web.post("/settings/tokens/", form).content.decode()
    token = ApiToken.objects.get(user=owner)
    assert [scope.value for scope in token.scopes] == ["read"]
    assert token.expiry is not None
    assert 6 <= (token.expiry - timezone.now()).days <= 7
    assert "Expired" not in web.get("/settings/").content.decode()
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert "Expired" in web.get("/settings/").content.decode()
    form = {"name": "x", "days": "7000", "number": number(web, "/settings/")}
    page = web.post("/settings/tokens/", form).content.decode()
    assert "Select a valid choice" in page
    assert "This field is required" in page


@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = logged_in(owner), Client()
    form = {"name": "kiosk", "scopes": ["read"], "days": "7", "number": number(first, "/settings/")}
    second.cookies = first.cookies
    real, answers = tokens.create_token, []

    def send() -> None:
        answers.append(second.post("/settings/tokens/", form))
        connections.close_all()

    click = threading.Thread(target=send)

    def create(*args: Any, **more: Any) -> Any:
        # The second click comes while the first is being answered, and waits for it.
        monkeypatch.setattr(tokens, "create_token", real)
        click.start()
        click.join(0.3)
        return real(*args, **more)

    monkeypatch.setattr(tokens, "create_token", create)
    page = first.post("/settings/tokens/", form).content.decode()
    click.join()
    assert "Your new token" in page
    assert answers[0].status_code == 302
    assert ApiToken.objects.count() == 1
