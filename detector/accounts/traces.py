"""Search every place for traces of an account: the proof that an erasure left none."""

import base64
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import DatabaseError
from django.db.models import Model

from detector.accounts import owned
from detector.accounts.identity import Identity
from detector.models import AuditEntry, ReviewedExport

logger = logging.getLogger(__name__)

PAGE: Final = 2000
UNREACHABLE: Final = (OSError, DatabaseError)
"""Lists the errors that a place raises when it fails or cannot be reached."""
KEPT: Final = {
    AuditEntry: "What staff did is kept as a record; it names accounts, and nothing can change it.",
}
"""Models whose rows stay by decision, and why: docs/privacy.md."""


@dataclass
class Found:
    """Traces by place, rows that are kept by decision, and places that could not be searched."""

    database: dict[str, int] = field(default_factory=dict)
    sessions: int = 0
    storage: int = 0
    caches: int = 0
    queue: int = 0
    reviewed_data: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    not_searched: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        """All traces, without what is kept by decision."""
        rows = sum(self.database.values()) + sum(self.reviewed_data.values())
        return rows + self.sessions + self.storage + self.caches + self.queue

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "traces": self.number}


def search(identity: Identity, *, full: bool = True) -> Found:
    """Return the traces of an account in database, storage, caches, queues and data sets.

    `full` reads every row of every table and the name of every stored file. Without it only rows
    and files that belonged to the account are asked for, however many others there are. A place
    that cannot be reached is named in `not_searched`.
    """
    # A face that cannot be cut can be looked for nowhere.
    not_searched = ["reviewed data"] if identity.lacks_crops else []

    def of(place: str, look: Callable[[], Any], nothing: Any) -> Any:
        try:
            return look()
        except UNREACHABLE:
            logger.exception("An erasure could not search %s", place)
            if place not in not_searched:
                not_searched.append(place)
            return nothing

    rows = _all_rows if full else _related_rows
    numbers = dict(of("database", lambda: list(rows(identity)), []))
    return Found(
        database={model._meta.db_table: n for model, n in numbers.items() if model not in KEPT},
        kept={model._meta.db_table: n for model, n in numbers.items() if model in KEPT},
        sessions=of("sessions", lambda: len(list(sessions_of(identity))), 0),
        storage=of("storage", lambda: _stored(identity, full=full), 0),
        caches=of("caches", lambda: _cached(identity), 0),
        queue=of("queue", lambda: sum(map(identity.is_in, _messages())), 0),
        reviewed_data=of("reviewed data", lambda: dict(_data_sets(identity)), {}),
        not_searched=not_searched,
    )


@contextmanager
def _redis() -> Iterator[Any]:
    """Open a connection to Redis. Raises OSError where it does not answer."""
    # Imported here, since an installation without Redis need not load its client.
    from redis import Redis, RedisError

    try:
        with Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
            yield client
    except RedisError as error:
        raise OSError("Redis does not answer.") from error


def _cached(identity: Identity) -> int:
    """Count the keys in the cache that name the account: its known ones, and in Redis any."""
    number = sum(cache.get(key) is not None for key in identity.cache_keys)
    if settings.REDIS_URL:
        with _redis() as client:
            number += sum(identity.is_in(key) for key in client.scan_iter(count=PAGE))
    return number


def _stored(identity: Identity, *, full: bool) -> int:
    if full:
        return sum(identity.is_in(name) for name in stored_names())
    return sum(default_storage.exists(name) for name in identity.files)


def sessions_of(identity: Identity) -> Iterator[str]:
    """Yield the keys of the sessions in which the account is logged in."""
    for session in Session.objects.all().iterator(chunk_size=PAGE):
        if identity.is_in(str(session.get_decoded().get("_auth_user_id", ""))):
            yield session.session_key


def stored_names(folder: str = "") -> Iterator[str]:
    """Yield the names of all stored files."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        yield f"{folder}/{name}" if folder else name
    for name in folders:
        yield from stored_names(f"{folder}/{name}" if folder else name)


def _all_rows(identity: Identity) -> Iterator[tuple[type[Model], int]]:
    """Count the rows of each model that name the account anywhere."""
    for model in owned.every_model():
        names = [field.attname for field in model._meta.concrete_fields]
        rows = model._base_manager.order_by().values_list(*names).iterator(chunk_size=PAGE)
        number = sum(any(identity.is_in(_text(value)) for value in row) for row in rows)
        if number:
            yield model, number


def _related_rows(identity: Identity) -> Iterator[tuple[type[Model], int]]:
    """Count the rows of each model that belong to the account."""
    from detector.models import User

    user = User(pk=identity.user_id)
    for model, lookups in owned.models_of_people().items():
        number = owned.rows_of(model, lookups, user).count()
        if number:
            yield model, number
    if User.objects.filter(pk=identity.user_id).exists():
        yield User, 1


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _messages() -> Iterator[str]:
    """Yield the messages that wait in the broker, with their bodies in the clear."""
    for message in _raw_messages():
        try:
            body = base64.b64decode(json.loads(message)["body"]).decode()
        except (ValueError, KeyError, TypeError):
            body = ""
        yield f"{message} {body}"


def _raw_messages() -> Iterator[str]:
    if not settings.REDIS_URL:
        folder = Path(settings.BROKER_FOLDER) / "queue"
        for path in folder.glob("*.msg") if folder.is_dir() else ():
            try:
                yield path.read_text()
            except FileNotFoundError:
                continue  # A worker took it meanwhile.
        return
    with _redis() as client:
        queues = list(settings.CELERY_TASK_QUEUES)
        for name in (*queues, settings.BACKGROUND_QUEUE):
            yield from client.lrange(name, 0, -1)
        # What a worker has taken and not yet confirmed.
        yield from client.hvals("unacked")


def _data_sets(identity: Identity) -> Iterator[tuple[str, int]]:
    """Count the faces of the account in each data set for training that is still there."""
    if not identity.crops:
        return
    for row in ReviewedExport.objects.all():
        try:
            with np.load(row.path) as arrays:
                faces = arrays["images"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            continue
        number = sum(face.tobytes() in identity.crops for face in faces)
        if number:
            yield row.name, number
