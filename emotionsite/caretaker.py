"""A thread of every worker that beats its heart and sends stuck analyses again.

It lives inside the worker so that the embedded default needs no third process; any number of
workers may do it at once.
"""

import logging
import os
import threading
from typing import Any

from celery import bootsteps
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from detector.services import heartbeats, submission

logger = logging.getLogger(__name__)


class Caretaker(bootsteps.StartStopStep):
    """Runs while the pool does."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.worker = heartbeats.worker_name(os.getpid())
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self, parent: Any) -> None:
        """Begin to sweep."""
        self.thread.start()

    def stop(self, parent: Any) -> None:
        """End with the worker."""
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join(timeout=settings.SWEEP_INTERVAL)

    terminate = stop

    def _run(self) -> None:
        while not self.stopping.is_set():
            self._once()
            self.stopping.wait(settings.SWEEP_INTERVAL)
        self._leave()
        connection.close()

    def _once(self) -> None:
        close_old_connections()
        try:
            heartbeats.beat(self.worker)
            sent = submission.sweep()
        except DatabaseError:
            logger.exception("The database is away; sweeping again in a moment")
            return
        if sent:
            logger.info("Sent %d waiting analyses again", sent)

    def _leave(self) -> None:
        try:
            heartbeats.remove(self.worker)
        except DatabaseError:
            logger.warning("Could not take back the heartbeat of %s", self.worker)
