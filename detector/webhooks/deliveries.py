"""Tries a delivery: claim, sign, send, and write down how it went."""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Greatest, RowNumber
from standardwebhooks import Webhook

from detector.common import clock, outbound
from detector.enums import DeliveryStatus
from detector.models import WebhookDelivery, WebhookEndpoint

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=outbound.TOTAL_SECONDS + 20)
"""After which whoever tried it counts as lost."""
QUICK_SECONDS = 2
"""An endpoint whose last answer took no longer may use every place."""
GONE = 410
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 21600, 28800)
)
"""After each failed attempt; together a little less than a day."""

MAX_AGE = timedelta(days=1)


@dataclass(frozen=True)
class Outcome:
    """How an attempt went: a status, or an error in its place, and how long it took."""

    seconds: float
    status: int | None = None
    body: str = ""
    error: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_quick(self) -> bool:
        """Whether the endpoint took it without holding anything up."""
        return self.is_accepted and self.seconds <= QUICK_SECONDS


def deliver(delivery_id: UUID) -> None:
    """Try a delivery unless someone else does or it is not due; safe to call any number of times.

    It waits for the receiver. Workers do not: their couriers (`detector.webhooks.couriers`) take
    the same steps for many endpoints at once.
    """
    delivery = claim(delivery_id)
    if delivery is None:
        logger.info("Delivery %s needs no work now", delivery_id)
        return
    record_outcome(delivery, attempt(delivery))


def claim(delivery_id: UUID) -> WebhookDelivery | None:
    """Take a delivery for one attempt; None where it is not due, or there is no place for it.

    One attempt an endpoint at a time, and `WEBHOOK_CONCURRENCY` in all. Endpoints that are not
    known to be quick share half of the places, so that they never hold up the others. The attempt
    counts, with the wait after it, from here on: a worker that is killed changes nothing of that.
    """
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
        if not _has_place(endpoint, now):
            return None
        delivery = _free(now).filter(pk=delivery_id).first()
        if delivery is None:
            return None
        if delivery.attempts > len(WAITS):
            _give_up(delivery, now, error="The last attempt broke off.")
            return None
        delivery.endpoint = endpoint
        delivery.leased_until = now + LEASE
        delivery.attempts += 1
        delivery.due_at = now + WAITS[min(_step(delivery), len(WAITS) - 1)]
        delivery.save(update_fields=["leased_until", "attempts", "due_at"])
        return delivery


def attempt(delivery: WebhookDelivery) -> Outcome:
    """Send a delivery that was claimed; whatever goes wrong is an outcome, a defect of ours too."""
    began = time.monotonic()
    try:
        reply = _send(delivery)
    except (outbound.RefusedError, outbound.FailedError) as failure:
        return Outcome(time.monotonic() - began, error=str(failure)[:300])
    except Exception as failure:
        # A time limit of the worker, among others: raised here, it must not leave the row as it is.
        logger.exception("Delivery %s broke off", delivery.pk)
        return Outcome(time.monotonic() - began, error=f"Broken off: {type(failure).__name__}.")
    return Outcome(time.monotonic() - began, reply.status, reply.body)


def record_outcome(delivery: WebhookDelivery, outcome: Outcome) -> None:
    """Write down how an attempt went."""
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
    """Return deliveries to try now: the oldest of each endpoint that has none under way.

    Endpoints that are known to be quick come first. Owners take turns, so that neither a long
    backlog nor many endpoints of one person stand before those of others.
    """
    now = clock.now()
    of_endpoint = _free(now).filter(endpoint=OuterRef("pk")).order_by("due_at", "pk")
    busy = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), leased_until__gt=now)
    turns = (
        WebhookEndpoint.objects.filter(
            ~Exists(busy), pk__in=_free(now).values("endpoint"), disabled_at=None
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


def _has_place(endpoint: WebhookEndpoint, now: datetime) -> bool:
    """Whether one more may be tried; two that look at once may both go ahead."""
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
    """As https://www.standardwebhooks.com asks.

    It runs in a thread of its own: the database is not asked there, which would open a connection
    an attempt and count its outages as the receiver's.
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
    """Return the database's time at the claim, which the lease was counted from."""
    if delivery.leased_until is None:
        raise ValueError(f"Delivery {delivery.pk} was not claimed.")
    return delivery.leased_until - LEASE


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
    step = _step(delivery)
    if step >= len(WAITS) or now - delivery.created_at > MAX_AGE:
        _give_up(delivery, now, **answer)
    else:
        _ours(delivery).update(leased_until=None, **answer)
        _waiting(endpoint.pk).update(due_at=Greatest("due_at", now + WAITS[step]))
    if answer["response_status"] == GONE:
        _disable(endpoint, "The receiver answered 410: it wants no more.")
    elif now - since > timedelta(days=settings.WEBHOOK_DISABLE_DAYS):
        _disable(endpoint, f"Nothing got through for {settings.WEBHOOK_DISABLE_DAYS} days.")


def _give_up(delivery: WebhookDelivery, now: datetime, **answer: object) -> None:
    _ours(delivery).update(
        status=DeliveryStatus.FAILED, finished_at=now, leased_until=None, **answer
    )


def _step(delivery: WebhookDelivery) -> int:
    """Which of the waits comes after this attempt; as many as there are means none does."""
    return max(delivery.attempts - 1, min(delivery.endpoint.failures, len(WAITS) - 1))


def _disable(endpoint: WebhookEndpoint, reason: str) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        disabled_at=clock.now(), disabled_reason=reason
    )


def _ours(delivery: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(pk=delivery.pk, leased_until=delivery.leased_until)


def _waiting(endpoint_id: UUID) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(endpoint=endpoint_id, status=DeliveryStatus.WAITING)
