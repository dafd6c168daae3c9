"""Sends tasks to the workers by name: whoever sends one need not know what it does.

A message only names a row to look at. The row itself says what there is to do.
"""

import logging
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db.models import Q, QuerySet
from kombu.exceptions import OperationalError

from detector.common import clock

logger = logging.getLogger(__name__)

RESEND_BATCH: Final = 100
"""Rows for which one sweep sends a message at most."""


class TaskName(StrEnum):
    """The tasks of `detector.tasks`, as messages name them."""

    ANALYSE = "detector.analyse"
    DELIVER = "detector.deliver"
    EXPLAIN = "detector.explain"
    FINE_TUNE = "detector.fine_tune"
    SHADOW = "detector.shadow"


def send(task: TaskName, row_id: UUID) -> bool:
    """Ask the workers to look at a row. Returns whether the broker took the message."""
    try:
        publish(task, str(row_id))
    except (OperationalError, OSError) as error:
        logger.warning("Broker away, %s waits for the sweep: %s", row_id, error)
        return False
    return True


def publish(task: TaskName, text: str) -> None:
    """Give the broker one message. Raises OperationalError or OSError where it is away."""
    current_app.send_task(task.value, (text,), ignore_result=True)


def resend(task: TaskName, waiting: "QuerySet[Any]", *, order_by: str, due: Q | None = None) -> int:
    """Send again for rows of which no worker was told, or so long ago that the message may be lost.

    `waiting` are all rows that wait, with a field `sent_at`; `due` says which of them may be
    looked at now. Returns how many messages were sent. A surplus message costs one query.
    """
    now = clock.now()
    stale = now - timedelta(seconds=settings.ANALYSIS_RESEND_AFTER)
    untold = waiting.filter(Q(sent_at=None) | Q(sent_at__lt=stale), due or Q())
    sent = 0
    for row_id in list(untold.order_by(order_by).values_list("pk", flat=True)[:RESEND_BATCH]):
        # Marked before it is sent: of several sweepers one sends.
        if not untold.filter(pk=row_id).update(sent_at=now):
            continue
        if not send(task, row_id):
            # The broker is away, so no worker was told and none can be at fault.
            waiting.exclude(sent_at=None).update(sent_at=None)
            break
        sent += 1
    return sent
