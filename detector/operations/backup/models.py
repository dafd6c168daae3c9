"""Which tables a backup holds, in which order, and which are made again by a restore.

The list comes from the registry of apps: a new model is backed up unless it is named here.
"""

from typing import Any, Final

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.models import FileField

Model = type[models.Model]
Field = models.Field[Any, Any]

LEFT_OUT: Final = {
    "auth.Permission": "made by migrations; rows name them by their natural keys",
    "contenttypes.ContentType": "made by migrations; rows name them by their natural keys",
    "detector.DailyEmotion": "counted again",
    "detector.DailyPhotos": "counted again",
    "detector.HourlyEmotion": "counted again",
    "detector.PhotoText": "written by triggers",
    "detector.VideoUpload": "under way; clients begin anew",
    "detector.VideoUploadPart": "of the uploads",
    "detector.WorkerHeartbeat": "of running processes",
    "sessions.Session": "a copy would let people in",
    "usersessions.UserSession": "of the sessions",
}
"""Why these models are not in a backup."""


def backed_up() -> list[Model]:
    """Return the models of a backup; each one comes after those that it refers to."""
    waiting = {
        model._meta.label: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label not in LEFT_OUT and model._meta.managed and not model._meta.proxy
    }
    ordered: list[Model] = []
    while waiting:
        ready = [model for model in waiting.values() if not _referred(model) & waiting.keys()]
        # In a circle any may be first: foreign keys are checked at the end of the transaction.
        following = sorted(ready, key=_label) or [min(waiting.values(), key=_label)]
        ordered += [waiting.pop(model._meta.label) for model in following]
    return ordered


def made_by_migrations() -> list[Model]:
    """Return those of them of which a new database has rows already, dependants first."""
    return [Group.permissions.through, Group]


def fields_of(model: Model) -> list[Field]:
    """Return the stored fields, without those that the database generates."""
    return [field for field in model._meta.concrete_fields if not field.generated]


def file_fields(model: Model) -> list[Field]:
    """Return the fields that name a stored file."""
    return [field for field in fields_of(model) if isinstance(field, FileField)]


def applied_migrations() -> list[str]:
    """Return the migrations of this database, without those that another one replaced."""
    loader = MigrationLoader(connection)
    known = [key for key in loader.applied_migrations if key in loader.graph.nodes]
    return sorted(f"{app}.{name}" for app, name in known)


def _label(model: Model) -> str:
    return model._meta.label


def _referred(model: Model) -> set[str]:
    related = (field.related_model for field in model._meta.concrete_fields if field.is_relation)
    return {other._meta.label for other in related if isinstance(other, type)} - {_label(model)}
