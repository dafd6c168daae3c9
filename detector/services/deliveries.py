"""Tries a delivery: claim, sign, send, and write down how it went."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from standardwebhooks import Webhook

from detector import clock
from detector.enums import DeliveryStatus
from detector.models import WebhookDelivery, WebhookEndpoint
from detector.services import outbound

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
GONE = 410
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 21600, 28800)
)
"""After each failed attempt; together a little less than a day."""

MAX_AGE = timedelta(days=1)


def deliver(delivery_id: UUID) -> None:
    """Try a delivery unless someone else does or it is not due; safe to call any number of times.

    One attempt an endpoint at a time, and `WEBHOOK_CONCURRENCY` in all: slow receivers hold some
    processes, never all. What found no room is sent again by the sweep.
    """
    delivery = _claim(delivery_id)
    if delivery is None:
        logger.info("Delivery %s needs no work now", delivery_id)
        return
    status, body, error = None, "", ""
    try:
        reply = _send(delivery)
        status, body = reply.status, reply.body
    except (outbound.RefusedError, outbound.FailedError) as failure:
        error = str(failure)[:300]
    accepted = status is not None and 200 <= status < 300
    with transaction.atomic():
        answer = {"response_status": status, "response_body": body, "error": error}
        _succeed(delivery, **answer) if accepted else _fail(delivery, **answer)


def due(limit: int) -> list[UUID]:
    """Deliveries that wait and that nobody tries at this moment, the oldest first."""
    waiting = _free(clock.now()).filter(endpoint__disabled_at=None)
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:limit])


def forget_old() -> int:
    """Remove deliveries that ended long ago; how many."""
    old = clock.now() - timedelta(days=settings.WEBHOOK_DELIVERY_DAYS)
    return WebhookDelivery.objects.filter(finished_at__lt=old).delete()[0]


def _free(now: datetime) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(
        Q(leased_until=None) | Q(leased_until__lt=now),
        status=DeliveryStatus.WAITING,
        due_at__lte=now,
        photo__deleted_at=None,
    )


def _claim(delivery_id: UUID) -> WebhookDelivery | None:
    now = clock.now()
    with transaction.atomic():
        # Held while it is looked whether another of its deliveries is under way.
        endpoint = (
            WebhookEndpoint.objects.select_for_update(no_key=True)
            .filter(deliveries=delivery_id, disabled_at=None)
            .first()
        )
        if endpoint is None or endpoint.deliveries.filter(leased_until__gt=now).exists():
            return None
        if _under_way(now) >= settings.WEBHOOK_CONCURRENCY:
            return None
        free = _free(now).filter(pk=delivery_id)
        if not free.update(leased_until=now + LEASE, attempts=F("attempts") + 1):
            return None
        return WebhookDelivery.objects.select_related("endpoint").get(pk=delivery_id)


def _under_way(now: datetime) -> int:
    """About how many are tried at this moment; two that look at once may both go ahead."""
    waiting = WebhookDelivery.objects.filter(status=DeliveryStatus.WAITING)
    return waiting.filter(leased_until__gt=now).count()


def _send(delivery: WebhookDelivery) -> outbound.Reply:
    """As https://www.standardwebhooks.com asks."""
    now = clock.now()
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


def _succeed(delivery: WebhookDelivery, **answer: object) -> None:
    now = clock.now()
    _ours(delivery).update(
        status=DeliveryStatus.DELIVERED, finished_at=now, leased_until=None, **answer
    )
    endpoint = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
    if endpoint.filter(failures__gt=0).update(failures=0, failing_since=None):
        # It is back: what waited for it need not wait longer.
        _waiting(delivery.endpoint_id).update(due_at=now)


def _fail(delivery: WebhookDelivery, **answer: object) -> None:
    now = clock.now()
    endpoint = delivery.endpoint
    endpoints = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    since = endpoint.failing_since or now
    endpoints.update(failures=F("failures") + 1, failing_since=since)
    # An endpoint that fails is spared as a whole: its next delivery waits as long as this one.
    step = max(delivery.attempts - 1, min(endpoint.failures, len(WAITS) - 1))
    if step >= len(WAITS) or now - delivery.created_at > MAX_AGE:
        _ours(delivery).update(
            status=DeliveryStatus.FAILED, finished_at=now, leased_until=None, **answer
        )
    else:
        _ours(delivery).update(leased_until=None, **answer)
        _waiting(endpoint.pk).update(due_at=Greatest("due_at", now + WAITS[step]))
    if answer["response_status"] == GONE:
        _disable(endpoint, "The receiver answered 410: it wants no more.")
    elif now - since > timedelta(days=settings.WEBHOOK_DISABLE_DAYS):
        _disable(endpoint, f"Nothing got through for {settings.WEBHOOK_DISABLE_DAYS} days.")


def _disable(endpoint: WebhookEndpoint, reason: str) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        disabled_at=clock.now(), disabled_reason=reason
    )


def _ours(delivery: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(pk=delivery.pk, leased_until=delivery.leased_until)


def _waiting(endpoint_id: UUID) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(endpoint=endpoint_id, status=DeliveryStatus.WAITING)
