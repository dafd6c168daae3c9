"""Send tasks to the workers by name, so that the sender need not import the task.

A message only names a row. The row itself says what there is to do. That of an analysis, or of a
segment of a video, is a hint that some such row waits: the worker takes the one whose turn it is.
"""

import logging
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db.models import Q, QuerySet
from kombu.exceptions import ChannelError, OperationalError

from detector.common import clock, trace

logger = logging.getLogger(__name__)

RESEND_BATCH: Final = 100
"""Maximum number of messages that one sweep sends."""


class TaskName(StrEnum):
    """Names of the tasks in `detector.tasks`."""

    ANALYSE = "detector.analyse"
    DELIVER = "detector.deliver"
    EXPLAIN = "detector.explain"
    FINE_TUNE = "detector.fine_tune"
    SHADOW = "detector.shadow"
    VIDEO = "detector.video"


def send(task: TaskName, row_id: UUID) -> bool:
    """Ask the workers to look at a row. Return whether the broker accepted the message."""
    try:
        publish(task, str(row_id))
    except (OperationalError, OSError) as error:
        logger.warning("The broker is away, %s waits for the sweep: %s", row_id, error)
        return False
    # This line ties the request to the row, which workers name in their lines.
    logger.info("Asked for %s of %s", task.value, row_id)
    return True


def publish(task: TaskName, text: str) -> None:
    """Send one message to the broker. Raises OperationalError or OSError where it is away."""
    headers = {"request_id": trace.request_id()}
    current_app.send_task(task.value, (text,), ignore_result=True, headers=headers)


def number_in_queue(task: TaskName) -> int:
    """Return how many messages wait in the queue of a task. Raises the errors of `publish`."""
    queue = current_app.amqp.router.route({}, task.value)["queue"]
    with current_app.connection_for_read() as connection:
        try:
            declared = queue.bind(connection.default_channel).queue_declare(passive=True)
        except ChannelError:
            return 0  # Redis knows no queue that is empty.
        except connection.connection_errors as error:
            raise OperationalError(str(error)) from error
    return int(declared.message_count)


def lacking(task: TaskName, waiting: int) -> int:
    """Return how many messages the queue of a task lacks, where so many rows wait.

    Else what nobody takes, or takes slowly, would grow a queue of thousands.
    """
    try:
        return max(0, waiting - number_in_queue(task))
    except (OperationalError, OSError):
        return waiting  # Sending fails, too, and says so.


def resend(task: TaskName, waiting: "QuerySet[Any]", *, order_by: str, due: Q | None = None) -> int:
    """Resend messages that were never sent or may be lost. Return how many were sent.

    `waiting` holds all waiting rows of a model with a field `sent_at`; `due` selects those that
    may be worked on now. Rows for which messages wait already get no further one.
    """
    now = clock.now()
    stale = now - timedelta(seconds=settings.ANALYSIS_RESEND_AFTER)
    unsent = waiting.filter(Q(sent_at=None) | Q(sent_at__lt=stale), due or Q())
    rows = list(unsent.order_by(order_by).values_list("pk", flat=True)[:RESEND_BATCH])
    if not rows:
        return 0
    needed = lacking(task, waiting.filter(due or Q()).count())
    unsent.filter(pk__in=rows[needed:]).update(sent_at=now)
    sent = 0
    for row_id in rows[:needed]:
        # Mark before sending, so that only one of several sweepers sends.
        if not unsent.filter(pk=row_id).update(sent_at=now):
            continue
        if not send(task, row_id):
            # The broker is away, so treat all rows as unsent: no worker is to blame for the delay.
            waiting.exclude(sent_at=None).update(sent_at=None)
            break
        sent += 1
    return sent
