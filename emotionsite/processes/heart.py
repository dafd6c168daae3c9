"""The heartbeat of a process that analyses photos."""

import logging
import os
import threading
import time

from django.conf import settings
from django.db import Error, connection

from detector.common import outages
from detector.operations import heartbeats
from emotionsite.processes import alive

logger = logging.getLogger(__name__)

TAKEN_SECONDS = 1.0
"""At most one taken task is recorded in this period."""


class Heart:
    """A thread that registers this process, sends its heartbeats, and removes it at the end."""

    def __init__(self) -> None:
        self.name = heartbeats.worker_name(os.getpid())
        self.announced = False
        self.is_busy = False
        self.taken_at: float | None = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        """Start the heartbeat. Call it when the model is loaded."""
        self._beat()
        self.thread.start()

    def stop(self, **_: object) -> None:
        """Stop the heartbeat and remove this process."""
        self.stopping.set()
        self.thread.join(timeout=settings.SWEEP_INTERVAL)

    def begin_task(self, **_: object) -> None:
        """Record that this process took a task, so that it does not count as stuck."""
        self.is_busy = True
        now = time.monotonic()
        if self.taken_at is not None and now - self.taken_at < TAKEN_SECONDS:
            return
        self.taken_at = now
        try:
            heartbeats.take(self.name)
        except Error:
            logger.exception("A taken task could not be recorded")
            outages.drop_dead_connection()

    def end_task(self, **_: object) -> None:
        """Let the next heartbeat report this process as idle."""
        self.is_busy = False

    def _run(self) -> None:
        while not self.stopping.wait(settings.SWEEP_INTERVAL):
            self._beat()
        try:
            heartbeats.remove(self.name)
        except Error:
            logger.warning("This process could not remove its heartbeat; a caretaker will")
        finally:
            connection.close()

    def _beat(self) -> None:
        """Register this process the first time; later only update its row.

        A caretaker that finds this process stuck deletes its row. A process that takes no work must
        not create that row again.
        """
        try:
            if self.announced:
                heartbeats.beat(self.name, is_busy=self.is_busy)
            else:
                heartbeats.announce(self.name)
                self.announced = True
            alive.touch()
        except Error:
            logger.exception("A heartbeat could not be stored; the next one may be")
        finally:
            connection.close()
