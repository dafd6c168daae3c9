"""Webhooks, from the event to a real receiver."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.test import Client, TestCase
from django.utils import timezone
from rest_framework.test import APIClient
from standardwebhooks import Webhook

from detector import tasks
from detector.analyses import leases, submission
from detector.common import dispatch, outbound
from detector.enums import DeliveryStatus, Source
from detector.models import Analysis, User, WebhookDelivery, WebhookEndpoint
from detector.tests.factories import (
    AnalysisFactory,
    WebhookDeliveryFactory,
    WebhookEndpointFactory,
)
from detector.tests.receivers import Receiver, receiving, resolve_to
from detector.tests.stub_analyser import StubAnalyser
from detector.webhooks import deliveries, endpoints, notify

pytestmark = pytest.mark.django_db
URL = "/api/v1/webhooks/"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with receiving(Receiver()) as server:
        yield server


def endpoint_of(owner: User, receiver: Receiver) -> WebhookEndpoint:
    return WebhookEndpointFactory.create(owner=owner, url=receiver.url)


def test_event_comes_signed(
    owner: User, api: APIClient, receiver: Receiver, picture: Any, sent: list[UUID],
    deliver_sent: list[UUID],
) -> None:  # fmt: skip
    made = api.post(URL, {"url": receiver.url, "events": ["analysis.done"]}).json()
    with TestCase.captureOnCommitCallbacks(execute=True):
        submission.submit(owner, [picture()], Source.API)
    tasks.analyse(str(sent[0]))
    [delivery] = deliver_sent
    deliveries.deliver(delivery)
    [(headers, body)] = receiver.came
    content = Webhook(made["secret"]).verify(body, headers)
    assert content["type"] == "analysis.done"
    assert content["data"]["id"] == str(sent[0])
    assert (content["data"]["face_count"], content["data"]["dominant_emotion"]) == (1, "happy")
    told = api.get(f"{URL}{made['id']}/deliveries/").json()["results"]
    assert [item["status"] for item in told] == ["delivered"]
    assert (told[0]["response_status"], told[0]["attempts"]) == (200, 1)
    assert told[0]["payload"].encode() == body
    assert len(told[0]["response_body"]) == outbound.ANSWER_BYTES
    deliveries.deliver(delivery)
    assert len(receiver.came) == 1


def test_no_message_is_sent_for_which_others_wait(
    deliver_sent: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While no worker takes webhooks, each sweep would add a hundred messages."""
    WebhookDeliveryFactory.create_batch(3)
    monkeypatch.setattr(dispatch, "number_in_queue", lambda task: 2)
    notify.sweep()
    assert len(deliver_sent) == 1


def test_receiver_that_was_down_gets_it_once(
    owner: User, receiver: Receiver, deliver_sent: list[UUID]
) -> None:
    receiver.statuses = [500, 503, 404]
    delivery = WebhookDeliveryFactory.create(endpoint=endpoint_of(owner, receiver))
    for _ in range(8):
        notify.sweep()
        for due in deliver_sent:
            deliveries.deliver(due)
        deliver_sent.clear()
        WebhookDelivery.objects.update(due_at=timezone.now())
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.DELIVERED, 4)
    assert len(receiver.came) == 4
    assert {headers["webhook-id"] for headers, _ in receiver.came} == {str(delivery.pk)}
    assert WebhookEndpoint.objects.get().failures == 0


def test_waits_grow_over_a_day_and_then_it_is_given_up(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        delivery = WebhookDeliveryFactory.create()
        began = timezone.now()
        while delivery.status == DeliveryStatus.WAITING:
            clock.move_to(delivery.due_at)
            deliveries.deliver(delivery.pk)
            delivery.refresh_from_db()
        assert delivery.status == DeliveryStatus.FAILED
        assert delivery.finished_at is not None
        assert timedelta(hours=20) < delivery.finished_at - began <= timedelta(hours=36)
        assert delivery.attempts == len(deliveries.RETRY_DELAYS) + 1
        assert "refused" in delivery.error


def test_endpoint_that_fails_for_long_is_disabled_and_its_owner_told(
    owner: User, web: Client, api: APIClient, settings: Any
) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    days_ago = timezone.now() - timedelta(days=4)
    endpoint = WebhookEndpointFactory.create(owner=owner, failures=7, failing_since=days_ago)
    deliveries.deliver(WebhookDeliveryFactory.create(endpoint=endpoint).pk)
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "Nothing got through for 3 days."
    assert "Nothing got through for 3 days." in web.get("/settings/").content.decode()
    assert deliveries.due(10) == []
    enabled = api.patch(f"{URL}{endpoint.pk}/", {"disabled": False}).json()
    assert (enabled["disabled_at"], enabled["failures"], enabled["failing_since"]) == (
        None, 0, None,
    )  # fmt: skip
    # Whoever enables it says that it is back: what waits need not wait out the backoff.
    assert deliveries.due(10) == [WebhookDelivery.objects.get().pk]


def test_an_attempt_that_began_before_the_failures_were_reset_does_not_disable(
    owner: User, settings: Any
) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    days_ago = timezone.now() - timedelta(days=4)
    endpoint = WebhookEndpointFactory.create(owner=owner, failures=7, failing_since=days_ago)
    claimed = deliveries.claim(WebhookDeliveryFactory.create(endpoint=endpoint).pk)
    assert claimed is not None
    endpoints.change_endpoint(endpoint, disabled=False)
    deliveries.record_outcome(claimed, deliveries.Outcome(0.1, error="refused"))
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at, endpoint.failures) == (None, 1)


def test_receiver_that_is_gone_is_told_nothing_more(owner: User, receiver: Receiver) -> None:
    receiver.statuses = [410]
    endpoint = endpoint_of(owner, receiver)
    deliveries.deliver(WebhookDeliveryFactory.create(endpoint=endpoint).pk)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None


def test_failing_endpoint_is_spared_and_served_at_once_when_back(
    owner: User, receiver: Receiver
) -> None:
    endpoint = endpoint_of(owner, receiver)
    first, second = (WebhookDeliveryFactory.create(endpoint=endpoint) for _ in range(2))
    receiver.statuses = [500]
    deliveries.deliver(first.pk)
    deliveries.deliver(second.pk)
    assert len(receiver.came) == 1
    WebhookDelivery.objects.filter(pk=first.pk).update(due_at=timezone.now())
    deliveries.deliver(first.pk)
    assert deliveries.due(10) == [second.pk]


def test_one_attempt_an_endpoint_at_a_time(owner: User, receiver: Receiver) -> None:
    endpoint = endpoint_of(owner, receiver)
    soon = timezone.now() + timedelta(seconds=30)
    WebhookDeliveryFactory.create(endpoint=endpoint, leased_until=soon)
    deliveries.deliver(WebhookDeliveryFactory.create(endpoint=endpoint).pk)
    assert receiver.came == []


def test_deliveries_under_way_are_bounded(owner: User, receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_CONCURRENCY = 1
    soon = timezone.now() + timedelta(seconds=30)
    slow = WebhookDeliveryFactory.create(leased_until=soon)
    quick = WebhookDeliveryFactory.create(endpoint=endpoint_of(owner, receiver))
    deliveries.deliver(quick.pk)
    assert receiver.came == []
    WebhookDelivery.objects.filter(pk=slow.pk).update(leased_until=None)
    assert quick.pk in deliveries.due(10)
    deliveries.deliver(quick.pk)
    assert len(receiver.came) == 1


def test_delivery_is_sent_again(owner: User, api: APIClient, deliver_sent: list[UUID]) -> None:
    delivery = WebhookDeliveryFactory.create(endpoint__owner=owner)
    url = f"{URL}{delivery.endpoint_id}/deliveries/{delivery.pk}/"
    assert api.get(url).json()["id"] == str(delivery.pk)
    with TestCase.captureOnCommitCallbacks(execute=True):
        again = api.post(f"{url}resend/")
    assert again.status_code == 202
    assert deliver_sent == [UUID(again.json()["id"])]


def recorded() -> list[str]:
    return list(WebhookDelivery.objects.values_list("event", flat=True))


def test_failures_are_told_however_they_come(owner: User, analyser: StubAnalyser) -> None:
    WebhookEndpointFactory.create(owner=owner, events=["analysis.failed"])
    lost = AnalysisFactory.create(
        photo__owner=owner, status="running", finished_at=None, model_version=None, attempt=4,
        lease_expires_at=timezone.now() - timedelta(seconds=1),
    )  # fmt: skip
    assert leases.release_abandoned() == 1
    assert recorded() == ["analysis.failed"]
    content = json.loads(WebhookDelivery.objects.get().payload)
    assert content["data"]["error"]["code"] == "worker_lost"
    assert content["data"]["id"] == str(lost.pk)
    assert datetime.fromisoformat(content["timestamp"]) <= timezone.now()


def test_only_who_asked_is_told(owner: User, stranger: User, analysed: Analysis) -> None:
    WebhookEndpointFactory.create(owner=stranger)
    WebhookEndpointFactory.create(owner=owner, events=["analysis.failed"])
    WebhookEndpointFactory.create(owner=owner, disabled_at=timezone.now())
    endpoints.record(analysed.pk)
    assert recorded() == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
def test_name_that_leads_inside_is_refused(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolve_to(monkeypatch, ["93.184.215.14", address])
    response = api.post(URL, {"url": "https://hooks.example.com/", "events": ["analysis.done"]})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "url_refused")


@pytest.mark.parametrize("target", ["http://127.0.0.1/", "http://169.254.169.254/latest/"])
def test_redirect_is_not_followed(owner: User, receiver: Receiver, target: str) -> None:
    receiver.statuses, receiver.location = [302], target
    delivery = WebhookDeliveryFactory.create(endpoint=endpoint_of(owner, receiver))
    deliveries.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.response_status) == (DeliveryStatus.WAITING, 302)
    assert len(receiver.came) == 1


def test_number_of_webhooks_is_bounded(owner: User, api: APIClient, receiver: Receiver) -> None:
    WebhookEndpointFactory.create_batch(10, owner=owner)
    response = api.post(URL, {"url": receiver.url, "events": ["analysis.done"]})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "too_many_webhooks")


def test_webhook_is_changed_and_deleted(owner: User, api: APIClient) -> None:
    url = f"{URL}{WebhookEndpointFactory.create(owner=owner).pk}/"
    changed = api.patch(url, {"description": "kiosk", "disabled": True}).json()
    assert changed["description"] == "kiosk"
    assert changed["disabled_reason"] == "You disabled it."
    assert "secret" not in changed
    assert api.patch(url, {}).status_code == 400
    assert api.patch(url, {"url": "http://10.0.0.1/"}).status_code == 400
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404


def test_old_deliveries_are_forgotten(owner: User) -> None:
    old = timezone.now() - timedelta(days=31)
    WebhookDeliveryFactory.create(status=DeliveryStatus.DELIVERED, finished_at=old)
    # Of a webhook that stays disabled, they would wait for ever.
    disabled = WebhookEndpointFactory.create(owner=owner, disabled_at=old)
    WebhookDeliveryFactory.create(endpoint=disabled, created_at=old)
    kept = WebhookDeliveryFactory.create(endpoint=disabled)
    assert deliveries.delete_old() == 2
    assert WebhookDelivery.objects.get() == kept
