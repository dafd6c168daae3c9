"""Encrypt stored files that are not, or with an earlier key, with the present one."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.apps import apps
from django.core.files.storage import default_storage
from django.db.models import FileField, Model, Q

from detector.common.encrypted_storage import EncryptedStorage
from detector.common.storage import is_single_file_error
from detector.enums import UNDER_WAY
from detector.models import Analysis, Photo
from detector.models.photo import private_path
from detector.photos import images

logger = logging.getLogger(__name__)

GRACE_SECONDS = 60.0
"""For so long the earlier files stay: whoever read a row before may still open them."""


@dataclass
class Resealed:
    """Counts files that were sealed anew, were sealed already, are gone, and cannot be read."""

    anew: int = 0
    already: int = 0
    lost: int = 0
    unreadable: int = 0


def reseal(storage: EncryptedStorage, *, grace: float = GRACE_SECONDS) -> Resealed:
    """Seal every stored file with the first key.

    Each gets a new name, which the rows that have it get by a conditional update, so nobody ever
    sees half a file. Idempotent; a process that dies leaves files that no row names, which the
    hourly job removes. Uploads that wait for their analysis are left out: they go with it.
    """
    done, old = Resealed(), []
    for model, field in _fields():
        for name in _names(model, field):
            try:
                if storage.is_current(name):
                    done.already += 1
                    continue
                old.append(_reseal(storage, model, field, name))
                done.anew += 1
            except FileNotFoundError:
                done.lost += 1
            except OSError as error:
                if not is_single_file_error(error):
                    raise
                logger.warning("A file cannot be read: %s: %s", name, error)
                done.unreadable += 1
    if old:
        time.sleep(grace)
    images.delete_files(old)
    return done


def present() -> EncryptedStorage | None:
    """Return the storage if it encrypts; else None."""
    return default_storage if isinstance(default_storage, EncryptedStorage) else None


def _reseal(storage: EncryptedStorage, model: type[Model], field: str, name: str) -> str:
    """Store a file anew and put its name into the rows. Return the name of which nobody knows."""
    path = PurePosixPath(name)
    with storage.open(name, "rb") as content:
        new = storage.save(private_path(path.parts[0], path.suffix), content)
    rows = model._base_manager.filter(_settled(model, field), **{field: name})
    return name if rows.update(**{field: new}) else new


def _names(model: type[Model], field: str) -> Iterator[str]:
    rows = model._base_manager.filter(_settled(model, field)).exclude(**{field: ""})
    yield from set(rows.values_list(field, flat=True))


def _settled(model: type[Model], field: str) -> Q:
    """Return the condition for rows whose file no worker is about to replace."""
    if model is Photo and field == "upload":
        waiting = Analysis.objects.filter(status__in=UNDER_WAY).values("photo")
        return ~Q(pk__in=waiting)
    return Q()


def _fields() -> Iterator[tuple[type[Model], str]]:
    for model in apps.get_models():
        fields: list[Any] = list(model._meta.concrete_fields)
        yield from ((model, field.name) for field in fields if isinstance(field, FileField))
