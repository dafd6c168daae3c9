"""The signs of life of one process that reads photos."""

import logging
import os
import threading

from django.conf import settings
from django.db import Error, connection

from detector.services import heartbeats

logger = logging.getLogger(__name__)


class Heart:
    """A thread that announces this process, beats for it, and says good-bye."""

    def __init__(self) -> None:
        self.name = heartbeats.worker_name(os.getpid())
        self.announced = False
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
        try:
            # Once only: a caretaker that finds this process deaf takes its row away.
            if self.announced:
                heartbeats.beat(self.name)
            else:
                heartbeats.announce(self.name)
                self.announced = True
        except Error:
            logger.exception("A sign of life could not be given; the next may be")
        finally:
            connection.close()
