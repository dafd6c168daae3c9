"""Jobs that are done again and again, each for itself: guarded, timed and reported."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from django.db import close_old_connections, connection

logger = logging.getLogger(__name__)

FIRST_WAIT = 5.0
"""Seconds after the first failure in a row; each wait is twice the one before."""
SLOW_SECONDS = 5.0
"""What takes longer is worth a line."""


@dataclass
class Job:
    """Something to do, and when it is due: `every` so many seconds after it succeeded.

    `action` returns how many things it did, or nothing. After failures it is tried again within
    `longest_wait` seconds at most.
    """

    name: str
    action: Callable[[], object]
    longest_wait: float
    every: float = 0.0
    due_at: float = 0.0
    failures: int = 0

    def run(self) -> bool:
        """Do it now, write down how it went, and say when it is due again.

        Returns whether it succeeded. Whatever it raises ends here: other jobs must not pay for it.
        """
        began = time.monotonic()
        try:
            close_old_connections()
            done = self.action()
        except Exception:
            self.failures += 1
            now = time.monotonic()
            wait = min(FIRST_WAIT * 2 ** (self.failures - 1), self.longest_wait)
            self.due_at = now + wait
            text = "The job %s failed after %.1f s, the %dth time in a row; again in %.0f s"
            logger.exception(text, self.name, now - began, self.failures, wait)
            return False
        finally:
            connection.close()
        took = time.monotonic() - began
        self.failures, self.due_at = 0, time.monotonic() + self.every
        if done or self.every or took > SLOW_SECONDS:
            logger.info("The job %s took %.1f s (%s)", self.name, took, done)
        return True


def run_due(
    jobs: Sequence[Job], bound: Callable[[], AbstractContextManager[None]] = nullcontext
) -> None:
    """Do each job that is due, within what `bound` allows it."""
    for job in jobs:
        if time.monotonic() >= job.due_at:
            with bound():
                job.run()
