"""The signs of life of one process that reads photos."""

import logging
import os
import threading
import time

from django.conf import settings
from django.db import Error, connection

from detector.common import outages
from detector.operations import heartbeats

logger = logging.getLogger(__name__)

TAKEN_SECONDS = 1.0
"""Of the tasks taken within so long, one is written down."""


class Heart:
    """A thread that announces this process, beats for it, and says good-bye."""

    def __init__(self) -> None:
        self.name = heartbeats.worker_name(os.getpid())
        self.announced = False
        self.is_busy = False
        self.taken_at: float | None = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        """Begin to beat: the model is loaded."""
        self._beat()
        self.thread.start()

    def stop(self, **_: object) -> None:
        """Say good-bye."""
        self.stopping.set()
        self.thread.join(timeout=settings.SWEEP_INTERVAL)

    def begin_task(self, **_: object) -> None:
        """Write down that a task was taken: this process is not deaf, whatever the task is."""
        self.is_busy = True
        now = time.monotonic()
        if self.taken_at is not None and now - self.taken_at < TAKEN_SECONDS:
            return
        self.taken_at = now
        try:
            heartbeats.take(self.name)
        except Error:
            logger.exception("A task could not be written down as taken")
            outages.drop_dead_connection()

    def end_task(self, **_: object) -> None:
        """Let the next beat say that this process has nothing to do."""
        self.is_busy = False

    def _run(self) -> None:
        while not self.stopping.wait(settings.SWEEP_INTERVAL):
            self._beat()
        try:
            heartbeats.remove(self.name)
        except Error:
            logger.warning("Could not say good-bye; a caretaker will")
        finally:
            connection.close()

    def _beat(self) -> None:
        """Announce this process the first time, and later say that it is still alive.

        It announces itself only once. A caretaker that finds it deaf deletes its row, and a process
        that cannot take work must not bring that row back.
        """
        try:
            if self.announced:
                heartbeats.beat(self.name, is_busy=self.is_busy)
            else:
                heartbeats.announce(self.name)
                self.announced = True
        except Error:
            logger.exception("A sign of life could not be given; the next may be")
        finally:
            connection.close()
