"""Detects workers that are alive but take no work, and has them restarted."""

import logging
from collections.abc import Callable

from django.conf import settings

from detector.operations import heartbeats, liveness
from emotionsite.processes.programs import RENEW

logger = logging.getLogger(__name__)

LOOKS = 3
"""Checks in a row that must find it, so that workers have time to reconnect after an outage."""


class Watch:
    """Checks the workers at each sweep; `status` is the caretaker's exit status."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.stop = stop
        self.found = 0
        self.status = 0

    def look(self) -> None:
        """Count checks that find workers stuck or silent; after `LOOKS`, stop the caretaker.

        It deletes the heartbeats of this host, so that the platform is not ready until new workers
        are. Raises django.db.Error where the database cannot be written; then the count restarts.
        """
        found, self.found = self.found, 0
        # Before the check: once a lock is released, workers have a moment to send a heartbeat.
        heartbeats.try_to_write()
        trouble = self._trouble()
        self.found = found + 1 if trouble else 0
        if self.found < LOOKS:
            return
        logger.error("The workers of this host are restarted: %s", trouble)
        heartbeats.delete_all_here()
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
