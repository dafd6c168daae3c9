"""kombu's filesystem transport, made safe against crashes, concurrent readers and a lost folder.

kombu creates the file of a message and then writes into it. A crash or a reader in between finds an
empty message, which ends the worker, or an empty exchange table, which ends every sender. Here
messages are written atomically and claimed by a rename, which only one reader can do. Unreadable
messages count as lost. A folder that vanishes is created again, and the sweep sends its messages
again. Events without a reader are not written.
"""

import logging
import os
import time
from collections import defaultdict, deque
from pathlib import Path
from queue import Empty
from typing import Any, Final

from django.conf import settings
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads
from uuid_utils.compat import uuid7

from emotionsite import private_files

logger = logging.getLogger(__name__)

MAX_AGE_SECONDS: Final = 24 * 3600
"""Age at which a message is removed. The sweep has sent it again long before, unless nobody reads
its queue."""
SETTLED_NS: Final = 1_000_000_000
"""A listing this soon after a change is not cached: another change may have the same mtime."""
FRESH_NS: Final = 50_000_000
"""A listing this young is good for every queue: a worker asks them all in one go."""


class Channel(filesystem.Channel):
    """Claims messages by rename, and skips unreadable files."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._seen: defaultdict[str, deque[str]] = defaultdict(deque)
        self._listed_ns = self._changed_ns = 0

    # kombu's stubs differ between this class and its base.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = self._folder()
        # UUIDs of version 7 begin with the time, so names sort by age, also across restarts.
        name = f"{uuid7()}.{queue}.msg"
        part = folder / f".{name}.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(dumps(payload))
        part.replace(folder / name)
        self._listed_ns = 0

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = self._folder()
        names = self._waiting(folder, queue)
        while names:
            name = names.popleft()
            taken = folder / f".{name}.taken"
            try:
                (folder / name).rename(taken)
                content = taken.read_text()
                taken.unlink()
                return loads(content)
            except FileNotFoundError:
                continue  # Another reader claimed it first.
            except ValueError:
                logger.warning("A message of %s could not be read and counts as lost", queue)
        raise Empty

    def _waiting(self, folder: Path, queue: str) -> "deque[str]":
        """Return a queue's messages, oldest first. Lists the folder only after changes."""
        if not self._seen[queue] and not self._is_current(folder):
            self._listed_ns, self._changed_ns = time.time_ns(), folder.stat().st_mtime_ns
            self._seen = defaultdict(deque)
            for name in sorted(path.name for path in folder.iterdir()):
                if not name.startswith("."):
                    self._seen[name.partition(".")[2].removesuffix(".msg")].append(name)
        return self._seen[queue]

    def _is_current(self, folder: Path) -> bool:
        """Return whether the last listing is young, or nothing has changed since."""
        if 0 <= time.time_ns() - self._listed_ns < FRESH_NS:
            return True
        settled = self._listed_ns - self._changed_ns > SETTLED_NS
        return settled and folder.stat().st_mtime_ns == self._changed_ns

    def _size(self, queue: str) -> int:
        self._folder()
        return int(super()._size(queue))

    def _purge(self, queue: str) -> int:
        self._folder()
        return int(super()._purge(queue))

    def get_table(self, exchange: str) -> list[Any]:
        """Return the queues bound to an exchange.

        A lost table is replaced by Celery's default binding: the queue of the exchange's name.
        Exchanges that are not direct, as for events of workers, have no queue: nobody reads them.
        """
        if not self._is_direct(exchange):
            return []
        try:
            table = list(super().get_table(exchange))
        except ValueError:
            table = []
        return table or [filesystem.exchange_queue_t(exchange, "", exchange)]

    def _queue_bind(self, exchange: str, *binding: Any) -> None:
        if not self._is_direct(exchange):
            return
        private_files.make_folder(Path(self.control_folder))
        table = Path(self.control_folder) / f"{exchange}.exchange"
        try:
            super()._queue_bind(exchange, *binding)
        except ValueError:
            table.unlink(missing_ok=True)
            super()._queue_bind(exchange, *binding)
        private_files.narrow_file(table)

    def _is_direct(self, exchange: str) -> bool:
        return bool(self.typeof(exchange).type == "direct")

    def _folder(self) -> Path:
        """Return the folder of the messages. Creates it again if it is gone."""
        folder = Path(self.data_folder_in)
        if not folder.is_dir():
            private_files.make_folder(folder)
            self._listed_ns = 0
        return folder


class Transport(filesystem.Transport):
    """The transport that `CELERY_BROKER_TRANSPORT` names."""

    Channel = Channel


def remove_old_messages() -> int:
    """Remove old messages and partial files of crashes. Returns how many."""
    folder = Path(settings.BROKER_FOLDER) / "queue"
    oldest = time.time() - MAX_AGE_SECONDS
    removed = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue  # It was claimed meanwhile.
    return removed
