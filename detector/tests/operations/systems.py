"""Systems to back up and to restore into: a database and folders of their own."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import environ
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections
from django.db.utils import load_backend
from django.test import override_settings

from detector.operations.backup import models as backup_models
from detector.tests.services_needed import own_database

_migrated: list[bytes] = []
"""An empty database, for runs of tests on PostgreSQL: migrations take seconds."""


@contextmanager
def sqlite_system(folder: Path) -> Iterator[None]:
    """Put an empty system on SQLite in the place of the tests' own."""
    folder.mkdir(parents=True)
    file = folder / "system.sqlite3"
    usual = connections["default"].settings_dict
    if "sqlite3" in usual["ENGINE"]:
        # The file of the tests' database is migrated, and empty while their transaction is open.
        _copy_of(usual["NAME"], file)
    elif _migrated:
        file.write_bytes(_migrated[0])
    with _system(folder, environ.Env.db_url_config(f"sqlite:///{file}")):
        if not _migrated:
            with closing(sqlite3.connect(file)) as new:
                _migrated.append(new.serialize())
        yield


@contextmanager
def postgresql_system(folder: Path) -> Iterator[None]:
    """Put an empty system on PostgreSQL in the place of the tests' own."""
    with own_database() as url, _system(folder, environ.Env.db_url_config(url)):
        yield


@contextmanager
def _system(folder: Path, address: dict[str, Any]) -> Iterator[None]:
    usual = connections["default"]
    settings = deepcopy(usual.settings_dict) | address
    settings["OPTIONS"] = {}
    if "sqlite3" in settings["ENGINE"]:
        settings["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;",
        }  # fmt: skip
    backend = load_backend(settings["ENGINE"])
    connections["default"] = backend.DatabaseWrapper(settings, "default")
    places = {
        "MEDIA_ROOT": folder / "media", "VAR_DIR": folder, "MODELS_FOLDER": folder / "models",
    }  # fmt: skip
    ContentType.objects.clear_cache()
    try:
        with override_settings(**places):
            call_command("migrate", verbosity=0)
            yield
    finally:
        connections["default"].close()
        connections["default"] = usual
        ContentType.objects.clear_cache()


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, but those that a restore does not bring or numbers anew."""
    left = {"detector.WorkerHeartbeat", "sessions.Session", "usersessions.UserSession"}
    found = {}
    for model in apps.get_models(include_auto_created=True):
        numbered = set() if model in backup_models.backed_up() else {"id"}
        if model._meta.label in left | {"auth.Permission", "contenttypes.ContentType"}:
            continue
        fields = [f.attname for f in model._meta.concrete_fields if f.attname not in numbered]
        related = {"content_type_id", "permission_id"}
        rows = model._base_manager.values_list(*(name for name in fields if name not in related))
        found[model._meta.label] = sorted(rows, key=_in_order)
    found["permissions"] = sorted(_permissions())
    return found


def without_restores(found: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the same rows without what restores wrote into the audit log."""
    label = "detector.AuditEntry"
    return found | {label: [row for row in found[label] if "backup.restored" not in row]}


def _in_order(row: tuple[Any, ...]) -> str:
    # PostgreSQL keeps no order in JSON.
    return json.dumps(row, sort_keys=True, default=str)


def _permissions() -> Iterator[tuple[Any, ...]]:
    for group, *key in Permission._base_manager.values_list(
        "group__name", "content_type__app_label", "content_type__model", "codename"
    ):
        yield (group or "", *key)


def _copy_of(source: str, target: Path) -> None:
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()
