"""A thread of every worker that beats its heart and sends stuck analyses again.

It lives inside the worker so that the embedded default needs no third process; any number of
workers may do it at once.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from celery import bootsteps
from django.conf import settings
from django.db import close_old_connections, connection

from detector import clock
from detector.services import bin as bin_service
from detector.services import (
    deliveries,
    explanation,
    heartbeats,
    idempotency,
    learning,
    notices,
    orphans,
    retention,
    submission,
)

logger = logging.getLogger(__name__)

TIDY_SECONDS = 3600


class Caretaker(bootsteps.StartStopStep):
    """Runs while the pool does."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.worker = heartbeats.worker_name(os.getpid())
        self.stopping = threading.Event()
        self.tidy_at = time.monotonic() + TIDY_SECONDS
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
        self._safely(heartbeats.forget_dead)
        while not self.stopping.is_set():
            self._safely(self._care)
            self.stopping.wait(settings.SWEEP_INTERVAL)
        self._safely(lambda: heartbeats.remove(self.worker))
        connection.close()

    def _safely(self, action: Callable[[], None]) -> None:
        try:
            close_old_connections()
            action()
        except Exception:
            # Whatever it was: a worker without its caretaker would let photos wait for ever.
            logger.exception("The caretaker failed; it tries again in a moment")

    def _care(self) -> None:
        heartbeats.beat(self.worker)
        sent = submission.sweep()
        if sent:
            logger.info("Sent %d waiting analyses again", sent)
        submission.take_up_old()
        explanation.sweep()
        notices.sweep()
        learning.sweep()
        if time.monotonic() >= self.tidy_at:
            self.tidy_at = time.monotonic() + TIDY_SECONDS
            erased = bin_service.empty(bin_service.kept_since())
            logger.info("Erased %d photos from the bin", erased)
            outlived = retention.erase_outlived(clock.now())
            logger.info("Erased %d photos that their owners did not want to keep", outlived)
            idempotency.forget_old()
            deliveries.forget_old()
            removed = orphans.remove_orphans()
            logger.info("Removed %d stored files that no photo names", removed)
