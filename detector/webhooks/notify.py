"""Hints to the workers that deliveries are due."""

from uuid import UUID

from django.db import transaction

from detector.common import dispatch
from detector.common.dispatch import TaskName
from detector.models import WebhookDelivery
from detector.webhooks import deliveries, endpoints

SWEEP_BATCH = 100


def send_again(delivery: WebhookDelivery) -> WebhookDelivery:
    """The same message once more, at once."""
    copy = endpoints.send_again(delivery)
    transaction.on_commit(lambda: _send([copy.pk]), robust=True)
    return copy


def send_after_commit(subject: UUID) -> None:
    """Tell the workers what has to be told of something, once that is committed."""
    transaction.on_commit(lambda: send_waiting(subject), robust=True)


def send_waiting(subject: UUID) -> None:
    """Tell the workers what has to be told of something now."""
    _send(endpoints.waiting_of(subject))


def sweep() -> None:
    """Tell the workers of deliveries that are due."""
    _send(deliveries.due(SWEEP_BATCH))


def _send(ids: list[UUID]) -> None:
    for delivery_id in ids:
        if not dispatch.send(TaskName.DELIVER, delivery_id):
            return
