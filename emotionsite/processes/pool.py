"""The pool of a worker: one process that fetches for itself and works in its main thread.

Several processes are several workers, so that none holds a lock that another waits for, and nothing
is forked. `emotionsite.supervisor` starts as many as are wanted.
"""

import logging
from collections.abc import Callable
from typing import Any

from celery.concurrency import solo
from celery.concurrency.base import apply_target
from celery.exceptions import SoftTimeLimitExceeded

from emotionsite.processes.limits import limited

logger = logging.getLogger(__name__)


class SlotPool(solo.TaskPool):
    """Celery's solo pool, which knows no time limits, with the limits of each task."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Celery's puts the bare function here, in front of the method below.
        del self.__dict__["on_apply"]

    def on_apply(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        *_: Any,
        soft_timeout: float | None = None,
        timeout: float | None = None,
        **options: Any,
    ) -> Any:
        """Do it now, within its limits."""
        try:
            with limited(soft_timeout, timeout):
                return apply_target(target, args or (), kwargs, **options)
        except SoftTimeLimitExceeded:
            # A task sees the limit itself; this one came between its last line and Celery's.
            logger.warning("A task ended just as its time did")
