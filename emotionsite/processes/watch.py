"""Finds that workers live and take nothing, and has them made anew."""

import logging
from collections.abc import Callable

from django.conf import settings

from detector.operations import heartbeats, liveness
from emotionsite.processes.programs import RENEW

logger = logging.getLogger(__name__)

LOOKS = 3
"""Looks in a row that find it: after an outage, workers have a moment to find the broker again."""


class Watch:
    """Looks at each sweep; `status` is what the caretaker ends with, for the supervisor."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.stop = stop
        self.found = 0
        self.status = 0

    def look(self) -> None:
        """Count looks that find workers deaf or silent; after some, let the supervisor act.

        The workers are forgotten, so that the platform counts as not ready until new ones are.
        Raises django.db.Error where nobody can write; then the count begins anew.
        """
        found, self.found = self.found, 0
        # Before it reads: after a lock was given up, the workers have until the next looks to beat.
        heartbeats.try_to_write()
        trouble = self._trouble()
        self.found = found + 1 if trouble else 0
        if self.found < LOOKS:
            return
        logger.error("The workers of this host are made anew: %s", trouble)
        heartbeats.delete_all_here()
        self.status = RENEW
        self.stop()

    def _trouble(self) -> str:
        if settings.ANALYSIS_QUEUE not in settings.WORKER_QUEUES:
            return (
                ""  # The workers that are started here take no photos, and give no signs of life.
            )
        silent = heartbeats.silent_here()
        if silent:
            return f"no sign of life from {', '.join(silent)}"
        # What waits may wait for the workers of another host.
        return str(liveness.stall() or "") if heartbeats.idle_here() else ""
