"""Delivers webhooks beside the work of a worker, many at once, so that none waits for another.

A worker's process has one courier: a thread that does all reading and writing of rows, and for
each attempt a thread that does nothing but wait for the receiver. Whatever is due is in the
database; a hint only wakes the courier, and so does the end of every attempt.
"""

import logging
import queue
import threading
import time

from django.conf import settings
from django.db import close_old_connections, connection

from detector.models import WebhookDelivery
from detector.services import deliveries, outbound

logger = logging.getLogger(__name__)

Ended = tuple[WebhookDelivery, deliveries.Outcome]


class Courier:
    """Tries what is due until nothing is; then it sleeps until it is woken."""

    def __init__(self) -> None:
        self._news: queue.SimpleQueue[Ended | None] = queue.SimpleQueue()
        self._under_way = 0
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def wake(self) -> None:
        """Look at what is due, soon and in another thread."""
        self._news.put(None)
        with self._starting:
            # In a process that was forked off meanwhile it does not live, nor do its attempts.
            if self._thread is None or not self._thread.is_alive():
                self._under_way = 0
                self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
                self._thread.start()

    def finish(self, seconds: float = outbound.TOTAL_SECONDS) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._stopping = True
        end = time.monotonic() + seconds
        while self._under_way and time.monotonic() < end:
            time.sleep(0.05)

    def _run(self) -> None:
        while True:
            news = [self._news.get()]
            while not self._news.empty():
                news.append(self._news.get())
            try:
                close_old_connections()
                self._work([ended for ended in news if ended])
            except Exception:
                # The rows say what is left to do, and the sweep wakes it again.
                logger.exception("The courier failed; what it left is tried again")
            finally:
                # Between two rounds nothing is open that a fork could inherit.
                connection.close()

    def _work(self, ended: list[Ended]) -> None:
        """Write down what ended, then fill the places that are free."""
        self._under_way -= len(ended)
        for delivery, outcome in ended:
            try:
                deliveries.settle(delivery, outcome)
            except Exception:
                # Its lease runs out, and the attempt with its wait was counted beforehand.
                logger.exception("How delivery %s went could not be kept", delivery.pk)
        free = settings.WEBHOOK_CONCURRENCY - self._under_way
        if self._stopping or free <= 0:
            return
        for delivery_id in deliveries.due(free):
            claimed = deliveries.claim(delivery_id)
            if claimed is not None:
                self._send(claimed)

    def _send(self, delivery: WebhookDelivery) -> None:
        def send() -> None:
            self._news.put((delivery, deliveries.attempt(delivery)))

        self._under_way += 1
        threading.Thread(target=send, name="delivery", daemon=True).start()


courier = Courier()
"""That of this process."""
