"""Hints to the workers: look at this row."""

import logging
from typing import Any
from uuid import UUID

from celery import Task
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def send(task: "Task[Any, Any]", row_id: UUID) -> bool:
    """Tell the workers to look at a row; whether the broker took it."""
    try:
        task.delay(str(row_id))
    except (OperationalError, OSError) as error:
        logger.warning("Broker away, %s waits for the sweep: %s", row_id, error)
        return False
    return True
