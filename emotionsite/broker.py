"""kombu's filesystem transport, made safe against files that are read while they are written.

kombu creates a message's file, then writes into it: a reader in between, or a crash, leaves it an
empty message that ends the worker, or an empty exchange table that ends every sender. Here a
message appears whole or not at all, and what cannot be read counts as lost; the sweep sends again.
"""

import logging
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps
from uuid_utils.compat import uuid7

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Messages by rename; unreadable files are no errors."""

    # kombu's stubs differ between this class and its base.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        # A name of version 7 begins with the time: the folder sorts by age, across restarts too.
        name = f"{uuid7()}.{queue}.msg"
        part = folder / f".{name}.part"
        part.write_text(dumps(payload))
        part.replace(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError:
            logger.warning("A message of %s could not be read and counts as lost", queue)
            raise Empty from None

    def get_table(self, exchange: str) -> list[Any]:
        """The queues bound to an exchange.

        Where the table is lost, what Celery binds by default: the queue of the exchange's name.
        """
        try:
            table = list(super().get_table(exchange))
        except ValueError:
            table = []
        return table or [filesystem.exchange_queue_t(exchange, "", exchange)]

    def _queue_bind(self, exchange: str, *binding: Any) -> None:
        try:
            super()._queue_bind(exchange, *binding)
        except ValueError:
            (self.control_folder / f"{exchange}.exchange").unlink(missing_ok=True)
            super()._queue_bind(exchange, *binding)


class Transport(filesystem.Transport):
    """What `CELERY_BROKER_TRANSPORT` names."""

    Channel = Channel
