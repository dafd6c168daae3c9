"""Delivers webhooks beside the work of a worker, many at once, so that none waits for another.

A worker's process has one courier: a thread that does all reading and writing of rows, and for
each attempt a thread that does nothing but wait for the receiver. Whatever is due is in the
database; a hint only wakes the courier, and so does the end of every attempt.
"""

import logging
import queue
import threading
import time
from contextlib import suppress
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, connection

from detector.common import outbound
from detector.models import WebhookDelivery
from detector.webhooks import deliveries

logger = logging.getLogger(__name__)

Ended = tuple[WebhookDelivery, deliveries.Outcome]


class Courier:
    """Tries what is due until nothing is; then it sleeps until it is woken."""

    def __init__(self) -> None:
        self._news: queue.SimpleQueue[Ended | None] = queue.SimpleQueue()
        self._ended: list[Ended] = []
        """What is to be written down still; it outlives a round that failed."""
        self._under_way: set[UUID] = set()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def wake(self) -> None:
        """Look at what is due, soon and in another thread."""
        self._news.put(None)
        with self._starting:
            # In a process that was forked off meanwhile it does not live, nor do its attempts.
            if self._thread is None or not self._thread.is_alive():
                self._under_way.clear()
                thread = threading.Thread(target=self._run, name="courier", daemon=True)
                thread.start()
                self._thread = thread

    def finish(self, seconds: float = outbound.TOTAL_SECONDS) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._stopping = True
        end = time.monotonic() + seconds
        while (self._under_way or self._ended) and time.monotonic() < end:
            time.sleep(0.05)

    def _run(self) -> None:
        while True:
            self._hear(self._news.get())
            while not self._news.empty():
                self._hear(self._news.get())
            try:
                close_old_connections()
                self._work()
            except Exception:
                # The rows say what is left to do, and the sweep wakes it again.
                logger.exception("The courier failed; what it left is tried again")
            finally:
                # Between two rounds nothing is open that a fork could inherit.
                with suppress(Exception):
                    connection.close()

    def _hear(self, news: Ended | None) -> None:
        """Free the place of what ended, whatever becomes of the rest."""
        if news:
            self._ended.append(news)
            self._under_way.discard(news[0].pk)

    def _work(self) -> None:
        """Write down what ended, then fill the places that are free."""
        while self._ended:
            delivery, outcome = self._ended[0]
            try:
                deliveries.record_outcome(delivery, outcome)
            except Exception:
                # Its lease runs out, and the attempt with its wait was counted beforehand.
                logger.exception("How delivery %s went could not be kept", delivery.pk)
            self._ended.pop(0)
        free = settings.WEBHOOK_CONCURRENCY - len(self._under_way)
        if self._stopping or free <= 0:
            return
        for delivery_id in deliveries.due(free):
            claimed = deliveries.claim(delivery_id)
            if claimed is not None:
                self._send(claimed)

    def _send(self, delivery: WebhookDelivery) -> None:
        def send() -> None:
            self._news.put((delivery, deliveries.attempt(delivery)))

        threading.Thread(target=send, name="delivery", daemon=True).start()
        # Only now: a system without room for a thread must not lose the place for good. Its end is
        # heard in this very thread, so never before this.
        self._under_way.add(delivery.pk)


courier = Courier()
"""That of this process."""
