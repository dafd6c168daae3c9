"""Deliveries to many endpoints at once: slow receivers do not delay the others."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.utils import timezone

from detector import tasks
from detector.common import clock, outbound
from detector.enums import DeliveryStatus
from detector.models import User, WebhookDelivery, WebhookEndpoint
from detector.tests.factories import WebhookDeliveryFactory, WebhookEndpointFactory
from detector.tests.receivers import Receiver, dripping, receiving
from detector.webhooks import couriers, deliveries


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def under_way() -> int:
    return WebhookDelivery.objects.filter(leased_until__gt=timezone.now()).count()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with receiving(Receiver()) as server:
        yield server


@pytest.fixture
def courier() -> Iterator[couriers.Courier]:
    made = couriers.Courier()
    yield made
    made.finish()


@pytest.mark.django_db(transaction=True)
def test_good_receivers_get_theirs_while_slow_ones_still_drip(
    owner: User, stranger: User, receiver: Receiver, courier: couriers.Courier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 60)
    with ExitStack() as stack:
        drip = stack.enter_context(dripping(b"HTTP/1.1 200 OK\r\n", b"X-Drop: 1\r\n"))
        slow = f"http://127.0.0.1:{drip}/"
        for whose, number in ((stranger, 10), (owner, 3)):
            for endpoint in WebhookEndpointFactory.create_batch(number, owner=whose, url=slow):
                WebhookDeliveryFactory.create_batch(2, endpoint=endpoint)
        good = WebhookEndpointFactory.create_batch(7, owner=owner, url=receiver.url)
        for endpoint in good:
            WebhookDeliveryFactory.create_batch(3, endpoint=endpoint)
        courier.wake()
        told = WebhookDelivery.objects.filter(status=DeliveryStatus.DELIVERED)
        until(lambda: told.count() == 21)
        # All attempts at slow receivers have begun, and none has ended.
        assert under_way() == 13
        assert not WebhookDelivery.objects.exclude(error="").exists()
    # The slow receivers have gone.
    until(lambda: under_way() == 0)
    failed = WebhookDelivery.objects.filter(endpoint__url=slow, attempts=1)
    assert failed.count() == 13
    assert not deliveries.due(100)
    assert set(WebhookEndpoint.objects.filter(url=receiver.url, is_quick=True)) == set(good)


@pytest.mark.django_db(transaction=True)
def test_courier_that_fails_once_goes_on(
    owner: User, receiver: Receiver, courier: couriers.Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = WebhookEndpointFactory.create(owner=owner, url=receiver.url)
    WebhookDeliveryFactory.create(endpoint=endpoint)
    real, broken = deliveries.due, iter([True])

    def due(limit: int) -> Any:
        return [next(broken), 1 / 0] if next(broken, False) else real(limit)

    monkeypatch.setattr(deliveries, "due", due)
    courier.wake()
    until(lambda: next(broken, None) is None)
    courier.wake()
    until(lambda: len(receiver.came) == 1)


def without_rows(
    courier: couriers.Courier, monkeypatch: pytest.MonkeyPatch
) -> list[WebhookDelivery]:
    """Let a courier find nothing due. Return the list of deliveries whose outcome it stores."""
    settled: list[WebhookDelivery] = []
    monkeypatch.setattr(deliveries, "due", lambda _: [])
    monkeypatch.setattr(deliveries, "record_outcome", lambda delivery, _: settled.append(delivery))
    return settled


@pytest.mark.parametrize("broken", ["close_old_connections", "connection"])
def test_what_ended_is_written_down_though_a_round_failed(
    courier: couriers.Courier, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    settled = without_rows(courier, monkeypatch)
    failures: list[bool] = []

    def fail() -> None:
        failures.append(True)
        if len(failures) == 1:
            raise OSError("no file descriptor is left")

    fake = SimpleNamespace(close=fail) if broken == "connection" else fail
    monkeypatch.setattr(couriers, broken, fake)
    ended = WebhookDeliveryFactory.build()
    courier._under_way.add(ended.pk)
    courier._queue.put((ended, deliveries.Outcome(0, 200)))
    courier.wake()
    until(lambda: len(failures) == 1 and not courier._under_way)
    alive = courier._thread
    courier.wake()
    until(lambda: len(failures) == 2)
    assert (settled, courier._thread) == ([ended], alive)


def test_no_place_is_lost_where_no_thread_can_be_started(
    courier: couriers.Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError):
            courier._send(WebhookDeliveryFactory.build())
        assert not courier._under_way
        with pytest.raises(RuntimeError):
            courier.wake()
    settled = without_rows(courier, monkeypatch)
    courier._queue.put((WebhookDeliveryFactory.build(), deliveries.Outcome(0, 200)))
    courier.wake()
    until(lambda: len(settled) == 1)


@pytest.mark.django_db
def test_slow_endpoints_share_half_of_the_places(
    owner: User, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_CONCURRENCY = 4
    soon = timezone.now() + timedelta(seconds=30)
    WebhookDeliveryFactory.create_batch(2, leased_until=soon)
    new = WebhookDeliveryFactory.create(endpoint__owner=owner, endpoint__url=receiver.url)
    assert deliveries.claim(new.pk) is None
    WebhookEndpoint.objects.filter(pk=new.endpoint_id).update(is_quick=True)
    deliveries.deliver(new.pk)
    assert len(receiver.came) == 1


@pytest.mark.django_db
def test_owners_take_turns_and_quick_endpoints_come_first(owner: User, stranger: User) -> None:
    def waiting(**endpoint: Any) -> list[WebhookDelivery]:
        made = WebhookEndpointFactory.create(**endpoint)
        return WebhookDeliveryFactory.create_batch(3, endpoint=made)

    many = [waiting(owner=owner) for _ in range(3)]
    other = waiting(owner=stranger)
    quick = waiting(owner=owner, is_quick=True)
    expected = [quick[0], many[0][0], other[0], many[1][0], many[2][0]]
    assert deliveries.due(10) == [delivery.pk for delivery in expected]
    WebhookDelivery.objects.filter(pk=quick[2].pk).update(
        leased_until=timezone.now() + timedelta(seconds=30)
    )
    assert deliveries.due(2) == [many[0][0].pk, other[0].pk]


@pytest.mark.django_db
@pytest.mark.parametrize("error", [SoftTimeLimitExceeded(), MemoryError(), ValueError("odd")])
def test_attempt_that_breaks_off_counts_and_is_put_off(
    owner: User, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def post(*_: Any) -> outbound.Reply:
        raise error

    monkeypatch.setattr(outbound, "post", post)
    delivery = WebhookDeliveryFactory.create(endpoint__owner=owner)
    deliveries.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.WAITING, 1)
    assert delivery.leased_until is None
    assert delivery.due_at > timezone.now()
    assert type(error).__name__ in delivery.error
    assert WebhookEndpoint.objects.get().failures == 1


@pytest.mark.django_db
def test_attempt_asks_the_database_nothing(owner: User, receiver: Receiver) -> None:
    made = WebhookDeliveryFactory.create(endpoint__owner=owner, endpoint__url=receiver.url)
    before = clock.now()
    delivery = deliveries.claim(made.pk)
    assert delivery is not None
    with connection.execute_wrapper(refuse):
        outcome = deliveries.attempt(delivery)
    assert outcome.is_accepted
    stamp = int(receiver.came[0][0]["webhook-timestamp"])
    assert int(before.timestamp()) <= stamp <= clock.now().timestamp()


def refuse(*_: Any) -> None:
    raise AssertionError("a query")


@pytest.mark.django_db
def test_attempt_of_a_worker_that_was_killed_counts_and_is_put_off(owner: User) -> None:
    delivery = WebhookDeliveryFactory.create(endpoint__owner=owner)
    for attempt in range(1, len(deliveries.RETRY_DELAYS) + 2):
        assert deliveries.claim(delivery.pk) is not None
        # The worker died: let the lease expire, then the retry delay.
        delivery.refresh_from_db()
        assert delivery.attempts == attempt
        assert delivery.due_at > timezone.now()
        past = timezone.now() - timedelta(seconds=1)
        WebhookDelivery.objects.update(leased_until=past)
        assert deliveries.claim(delivery.pk) is None
        WebhookDelivery.objects.update(due_at=past)
    assert deliveries.claim(delivery.pk) is None
    delivery.refresh_from_db()
    assert delivery.status == DeliveryStatus.FAILED


def test_task_of_a_worker_only_wakes_the_courier(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[bool] = []
    monkeypatch.setattr(couriers.courier, "wake", lambda: woken.append(True))
    tasks.deliver.apply(("00000000-0000-0000-0000-000000000000",))
    assert woken == [True]
