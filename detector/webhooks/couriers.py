"""Send webhooks in the background of a worker, many at once.

Each worker process has one courier: one thread reads and writes all rows, and each attempt has a
thread that only waits for the receiver. What is due stands in the database; a message, and the end
of each attempt, only wakes the courier.
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
    """Sends what is due until nothing is; then it sleeps until it is woken."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Ended | None] = queue.SimpleQueue()
        self._outcomes: list[Ended] = []
        """Outcomes that are not stored yet; they survive a failed round."""
        self._under_way: set[UUID] = set()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def wake(self) -> None:
        """Check soon, in the courier's thread, what is due."""
        self._queue.put(None)
        with self._starting:
            # After a fork neither the courier's thread nor its attempts exist in the child.
            if self._thread is None or not self._thread.is_alive():
                self._under_way.clear()
                thread = threading.Thread(target=self._run, name="courier", daemon=True)
                thread.start()
                self._thread = thread

    def finish(self, seconds: float = outbound.TOTAL_SECONDS) -> None:
        """Start no more attempts, and wait for those under way."""
        self._stopping = True
        end = time.monotonic() + seconds
        while (self._under_way or self._outcomes) and time.monotonic() < end:
            time.sleep(0.05)

    def _run(self) -> None:
        while True:
            self._receive(self._queue.get())
            while not self._queue.empty():
                self._receive(self._queue.get())
            try:
                close_old_connections()
                self._work()
            except Exception:
                # The rows say what is left to do, and the sweep wakes the courier again.
                logger.exception("The courier failed; what it left is tried again")
            finally:
                # Close it, so that no fork between two rounds inherits an open connection.
                with suppress(Exception):
                    connection.close()

    def _receive(self, ended: Ended | None) -> None:
        """Queue an outcome for storing and free its slot at once."""
        if ended:
            self._outcomes.append(ended)
            self._under_way.discard(ended[0].pk)

    def _work(self) -> None:
        """Store the outcomes, then start as many attempts as there are free slots."""
        while self._outcomes:
            delivery, outcome = self._outcomes[0]
            try:
                deliveries.record_outcome(delivery, outcome)
            except Exception:
                # Its lease will expire; attempt and retry delay were stored with the claim.
                logger.exception("The outcome of delivery %s could not be stored", delivery.pk)
            self._outcomes.pop(0)
        free = settings.WEBHOOK_CONCURRENCY - len(self._under_way)
        if self._stopping or free <= 0:
            return
        for delivery_id in deliveries.due(free):
            claimed = deliveries.claim(delivery_id)
            if claimed is not None:
                self._send(claimed)

    def _send(self, delivery: WebhookDelivery) -> None:
        def send() -> None:
            self._queue.put((delivery, deliveries.attempt(delivery)))

        threading.Thread(target=send, name="delivery", daemon=True).start()
        # Only after the start: if no thread can be started, the slot must not be lost. Outcomes are
        # handled in this thread, so never before this line.
        self._under_way.add(delivery.pk)


courier = Courier()
"""The courier of this process."""
