"""Periodic jobs: each is run, timed and logged so that its failure does not affect others."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from django.db import close_old_connections, connection

logger = logging.getLogger(__name__)

FIRST_WAIT = 5.0
"""Backoff after the first failure, in seconds; each further one in a row doubles it."""
SLOW_SECONDS = 5.0
"""A job that takes longer is logged."""


@dataclass
class Job:
    """A periodic job, which is due `every` seconds after its last success.

    `action` returns how many things it did, or nothing. `longest_wait` bounds the backoff after
    failures, in seconds. `began` and `error` are of the last run: by `time.monotonic`, and as text.
    """

    name: str
    action: Callable[[], object]
    longest_wait: float
    every: float = 0.0
    due_at: float = 0.0
    failures: int = 0
    began: float = 0.0
    error: str = ""

    def run(self) -> bool:
        """Run the job now, log the outcome and set when it is due again.

        Returns whether it succeeded. Exceptions are caught, so that other jobs still run.
        """
        began = self.began = time.monotonic()
        self.error = ""
        try:
            close_old_connections()
            done = self.action()
        except Exception as error:
            self.failures += 1
            self.error = str(error)
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
    jobs: Sequence[Job],
    bound: Callable[[], AbstractContextManager[None]] = nullcontext,
    *,
    until_failure: bool = False,
) -> Job | None:
    """Run each job that is due, inside the context that `bound` returns.

    With `until_failure` the first one that fails is the last, and is returned. The others come next
    time, when that one waits.
    """
    for job in jobs:
        if time.monotonic() >= job.due_at:
            with bound():
                succeeded = job.run()
            if until_failure and not succeeded:
                return job
    return None
