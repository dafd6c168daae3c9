"""Make attempts at deliveries: claim, sign, send, and record the outcome."""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    Window,
)
from django.db.models.functions import Coalesce, Greatest, RowNumber
from standardwebhooks import Webhook

from detector.common import clock, outbound
from detector.enums import DeliveryStatus
from detector.models import WebhookDelivery, WebhookEndpoint

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=outbound.TOTAL_SECONDS + 20)
"""After this time the process that claimed a delivery counts as lost."""
QUICK_SECONDS = 2
"""An endpoint is quick if its last attempt was accepted within this time."""
GONE = 410
RETRY_DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 21600, 28800)
)
"""Backoff after each failed attempt; together a little less than a day."""

MAX_AGE = timedelta(days=1)


@dataclass(frozen=True)
class Outcome:
    """The outcome of an attempt: the response's status or an error, and the time it took."""

    seconds: float
    status: int | None = None
    body: str = ""
    error: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver accepted the delivery."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_quick(self) -> bool:
        """Whether the receiver accepted it within `QUICK_SECONDS`."""
        return self.is_accepted and self.seconds <= QUICK_SECONDS


def deliver(delivery_id: UUID) -> None:
    """Try a delivery, unless it is not due or claimed by another process. Idempotent.

    This blocks until the receiver responds. Workers use `detector.webhooks.couriers` instead, which
    takes the same steps for many endpoints at once.
    """
    delivery = claim(delivery_id)
    if delivery is None:
        logger.info("Delivery %s needs no work now", delivery_id)
        return
    record_outcome(delivery, attempt(delivery))


def claim(delivery_id: UUID) -> WebhookDelivery | None:
    """Claim a delivery for one attempt. Return None where it is not due or no slot is free.

    There is one attempt at a time for each endpoint, and `WEBHOOK_CONCURRENCY` in all. Endpoints
    that are not known to be quick share half of the slots, so that they never block the others.
    The attempt and its backoff are stored with the claim, so they count even if the worker dies.
    """
    now = clock.now()
    with transaction.atomic():
        # Locked while we check whether another of its deliveries is under way.
        endpoint = (
            WebhookEndpoint.objects.select_for_update(no_key=True)
            .filter(deliveries=delivery_id, disabled_at=None)
            .first()
        )
        if endpoint is None or endpoint.deliveries.filter(leased_until__gt=now).exists():
            return None
        if not _has_free_slot(endpoint, now):
            return None
        delivery = _claimable(now).filter(pk=delivery_id).first()
        if delivery is None:
            return None
        if delivery.attempts > len(RETRY_DELAYS):
            _give_up(delivery, now, error="The last attempt broke off.")
            return None
        delivery.endpoint = endpoint
        delivery.leased_until = now + LEASE
        delivery.attempts += 1
        delivery.due_at = now + RETRY_DELAYS[min(_delay_index(delivery), len(RETRY_DELAYS) - 1)]
        delivery.save(update_fields=["leased_until", "attempts", "due_at"])
        return delivery


def attempt(delivery: WebhookDelivery) -> Outcome:
    """Send a claimed delivery. Any error, even a bug of ours, becomes an outcome."""
    began = time.monotonic()
    try:
        reply = _send(delivery)
    except (outbound.RefusedError, outbound.FailedError) as failure:
        return Outcome(time.monotonic() - began, error=str(failure)[:300])
    except Exception as failure:
        # For example the worker's time limit, raised here: it must not leave the row claimed.
        logger.exception("Delivery %s broke off", delivery.pk)
        return Outcome(time.monotonic() - began, error=f"Broken off: {type(failure).__name__}.")
    return Outcome(time.monotonic() - began, reply.status, reply.body)


def record_outcome(delivery: WebhookDelivery, outcome: Outcome) -> None:
    """Store the outcome of an attempt."""
    answer = {
        "response_status": outcome.status,
        "response_body": outcome.body,
        "error": outcome.error,
    }
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
        endpoint.exclude(is_quick=outcome.is_quick).update(is_quick=outcome.is_quick)
        _succeed(delivery, **answer) if outcome.is_accepted else _fail(delivery, **answer)


def due(limit: int) -> list[UUID]:
    """Return the ids of deliveries to try now: the oldest of each endpoint with none under way.

    Quick endpoints come first. Owners take turns, so that neither a long backlog nor many
    endpoints of one owner delay the others.
    """
    now = clock.now()
    of_endpoint = _claimable(now).filter(endpoint=OuterRef("pk")).order_by("due_at", "pk")
    busy = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), leased_until__gt=now)
    turns = (
        WebhookEndpoint.objects.filter(
            ~Exists(busy), pk__in=_claimable(now).values("endpoint"), disabled_at=None
        )
        .annotate(
            next_id=Subquery(of_endpoint.values("pk")[:1]),
            next_due=Subquery(of_endpoint.values("due_at")[:1]),
        )
        .annotate(turn=Window(RowNumber(), partition_by=["owner", "is_quick"], order_by="next_due"))
        .order_by("-is_quick", "turn", "next_due")
    )
    return list(turns.values_list("next_id", flat=True)[:limit])


def delete_old() -> int:
    """Delete deliveries that ended more than `WEBHOOK_DELIVERY_DAYS` ago. Return how many.

    Those that have waited for so long go, too: their endpoint is disabled.
    """
    old = clock.now() - timedelta(days=settings.WEBHOOK_DELIVERY_DAYS)
    waiting = Q(status=DeliveryStatus.WAITING, created_at__lt=old)
    return WebhookDelivery.objects.filter(Q(finished_at__lt=old) | waiting).delete()[0]


def _claimable(now: datetime) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(
        Q(leased_until=None) | Q(leased_until__lt=now),
        status=DeliveryStatus.WAITING,
        due_at__lte=now,
        photo__deleted_at=None,
        video__deleted_at=None,
    )


def _has_free_slot(endpoint: WebhookEndpoint, now: datetime) -> bool:
    """Return whether a slot is free. Two concurrent callers may both get the last one."""
    under_way = WebhookDelivery.objects.filter(
        status=DeliveryStatus.WAITING, leased_until__gt=now
    ).aggregate(
        every=Count("pk"), unproven=Count("pk", filter=Q(endpoint__is_quick=False))
    )  # fmt: skip
    places = settings.WEBHOOK_CONCURRENCY
    if not endpoint.is_quick and under_way["unproven"] >= max(places // 2, 1):
        return False
    return bool(under_way["every"] < places)


def _send(delivery: WebhookDelivery) -> outbound.Reply:
    """Sign and send a delivery by https://www.standardwebhooks.com.

    This runs in a thread of its own, so it makes no queries: each attempt would open a connection,
    and an outage of the database would count as the receiver's failure.
    """
    now = _claimed_at(delivery)
    message = str(delivery.pk)
    signature = Webhook(delivery.endpoint.secret).sign(message, now, delivery.payload)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "EmotionSite-Webhooks/1",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return outbound.post(delivery.endpoint.url, delivery.payload.encode(), headers)


def _claimed_at(delivery: WebhookDelivery) -> datetime:
    """Return when the delivery was claimed, by the database's clock."""
    if delivery.leased_until is None:
        raise ValueError(f"Delivery {delivery.pk} was not claimed.")
    return delivery.leased_until - LEASE


def _succeed(delivery: WebhookDelivery, **answer: object) -> None:
    now = clock.now()
    _still_leased(delivery).update(
        status=DeliveryStatus.DELIVERED, finished_at=now, leased_until=None, **answer
    )
    endpoint = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
    if endpoint.filter(failures__gt=0).update(failures=0, failing_since=None):
        # The endpoint is back, so its other deliveries need not wait.
        _waiting(delivery.endpoint_id).update(due_at=now)


def _fail(delivery: WebhookDelivery, **answer: object) -> None:
    now = clock.now()
    endpoint = delivery.endpoint
    endpoints = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    # Of the row as it is now: its owner may have reset the failures during the attempt.
    first = Coalesce("failing_since", Value(now, DateTimeField()))
    endpoints.update(failures=F("failures") + 1, failing_since=first)
    since = endpoints.values_list("failing_since", flat=True).first() or now
    # The backoff applies to the whole endpoint: all its deliveries wait as long as this one.
    step = _delay_index(delivery)
    if step >= len(RETRY_DELAYS) or now - delivery.created_at > MAX_AGE:
        _give_up(delivery, now, **answer)
    else:
        _still_leased(delivery).update(leased_until=None, **answer)
        _waiting(endpoint.pk).update(due_at=Greatest("due_at", now + RETRY_DELAYS[step]))
    if answer["response_status"] == GONE:
        _disable(endpoint, "The receiver answered 410: it wants no more.")
    elif now - since > timedelta(days=settings.WEBHOOK_DISABLE_DAYS):
        _disable(endpoint, f"Nothing got through for {settings.WEBHOOK_DISABLE_DAYS} days.")


def _give_up(delivery: WebhookDelivery, now: datetime, **answer: object) -> None:
    _still_leased(delivery).update(
        status=DeliveryStatus.FAILED, finished_at=now, leased_until=None, **answer
    )


def _delay_index(delivery: WebhookDelivery) -> int:
    """Return the index of the backoff after this attempt; past the end, there is no retry."""
    return max(delivery.attempts - 1, min(delivery.endpoint.failures, len(RETRY_DELAYS) - 1))


def _disable(endpoint: WebhookEndpoint, reason: str) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        disabled_at=clock.now(), disabled_reason=reason
    )


def _still_leased(delivery: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(pk=delivery.pk, leased_until=delivery.leased_until)


def _waiting(endpoint_id: UUID) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(endpoint=endpoint_id, status=DeliveryStatus.WAITING)
