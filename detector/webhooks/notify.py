"""Send messages to the workers when deliveries are due."""

from uuid import UUID

from django.db import transaction

from detector.common import dispatch
from detector.common.dispatch import TaskName
from detector.models import WebhookDelivery
from detector.webhooks import deliveries, endpoints

SWEEP_BATCH = 100


def send_again(delivery: WebhookDelivery) -> WebhookDelivery:
    """Repeat a delivery, as soon as possible. Return the new one."""
    copy = endpoints.send_again(delivery)
    transaction.on_commit(lambda: _send([copy.pk]), robust=True)
    return copy


def send_after_commit(subject: UUID) -> None:
    """Let the workers send the deliveries about an analysis or review, after the commit."""
    transaction.on_commit(lambda: send_waiting(subject), robust=True)


def send_waiting(subject: UUID) -> None:
    """Let the workers send the due deliveries about an analysis or review now."""
    _send(endpoints.waiting_of(subject))


def sweep() -> None:
    """Let the workers send the deliveries that are due, unless enough messages wait."""
    due = deliveries.due(SWEEP_BATCH)
    if due:
        _send(due[: dispatch.lacking(TaskName.DELIVER, len(due))])


def _send(ids: list[UUID]) -> None:
    for delivery_id in ids:
        if not dispatch.send(TaskName.DELIVER, delivery_id):
            return
