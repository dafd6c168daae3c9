"""Detects workers that are alive but take no work, and has them restarted."""

import logging
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import OperationalError, connection

from detector.operations import heartbeats, liveness
from emotionsite.processes.jobs import Job
from emotionsite.processes.programs import RENEW

logger = logging.getLogger(__name__)

LOOKS = 3
"""Checks in a row that must find it, so that workers have time to reconnect after an outage."""
LOCKED_SECONDS: Final = 40
"""Beyond this, a lock of SQLite is no long writer's: a worker may sleep in the middle of a
transaction, and only the end of its process unlocks the database."""


class Watch:
    """Checks the workers at each sweep; `status` is the caretaker's exit status."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.stop = stop
        self.found = 0
        self.status = 0
        self.locked_since: float | None = None

    def look(self) -> None:
        """Count checks that find workers stuck or silent; after `LOOKS`, stop the caretaker.

        It deletes the heartbeats of this host, so that the platform is not ready until new workers
        are. Raises django.db.Error where the database cannot be written; then the count restarts.
        If SQLite is locked for long, it stops the caretaker at once.
        """
        found, self.found = self.found, 0
        # Before the check: once a lock is released, workers have a moment to send a heartbeat.
        began = time.monotonic()
        try:
            heartbeats.try_to_write()
        except OperationalError as error:
            self._note_lock(began, str(error))
            raise
        self.locked_since = None
        trouble = self._trouble()
        self.found = found + 1 if trouble else 0
        if self.found >= LOOKS:
            heartbeats.delete_all_here()
            self._restart(trouble)

    def note_failure(self, job: Job) -> None:
        """Count a lock from the first job that it stopped, which may come before the next look."""
        if _is_lock(job.error) and self.locked_since is None:
            self.locked_since = job.began

    def _note_lock(self, since: float, error: str) -> None:
        """Restart the workers if a lock of SQLite lasts. Then nothing can be read either."""
        if not _is_lock(error):
            self.locked_since = None
            return
        if self.locked_since is None:
            self.locked_since = since
        if time.monotonic() - self.locked_since > LOCKED_SECONDS:
            self._restart(error)

    def _restart(self, trouble: str) -> None:
        logger.error("The workers of this host are restarted: %s", trouble)
        self.status = RENEW
        self.stop()

    def _trouble(self) -> str:
        """Return what is wrong with the workers of this host; empty where nothing is."""
        if settings.ANALYSIS_QUEUE not in settings.WORKER_QUEUES:
            # The workers of this host take no photos and send no heartbeats.
            return ""
        silent = heartbeats.silent_here()
        if silent:
            return f"no heartbeat from {', '.join(silent)}"
        # Only idle workers of this host could have taken what waits.
        return str(liveness.stall() or "") if heartbeats.idle_here() else ""


def _is_lock(error: str) -> bool:
    return connection.vendor == "sqlite" and "locked" in error
