"""The pool of a worker: one process that fetches tasks and runs them in its main thread.

Several processes are several workers: none holds a lock that another waits for, and nothing forks.
`emotionsite.supervisor` starts as many as configured.
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
    """Celery's solo pool, with the time limits of each task, which it lacks."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Celery sets an attribute of this name, which would hide the method below.
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
        """Run a task now, within its time limits."""
        try:
            with limited(soft_timeout, timeout):
                return apply_target(target, args or (), kwargs, **options)
        except SoftTimeLimitExceeded:
            # The task handles the limit itself; this one came after its last line.
            logger.warning("A task ended at the moment of its time limit")
