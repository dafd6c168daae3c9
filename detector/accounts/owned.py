"""Which rows belong to an account: all that the database deletes with it, in every model."""

from collections.abc import Iterator
from functools import cache, reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import CASCADE, ForeignObjectRel, Model, Q, QuerySet

from detector.models import User

DEPTH = 4
"""More relations than there are between a person and the row that is farthest away."""


def models_of_people() -> dict[type[Model], list[str]]:
    """Return every model whose rows go with an account, with the lookups that lead to its owner."""
    found: dict[type[Model], list[str]] = {}
    for model, lookup in _below(User, "", DEPTH):
        found.setdefault(model, []).append(lookup)
    return found


def rows_of(model: type[Model], lookups: list[str], user: User) -> QuerySet[Any]:
    """Return the rows of one model that belong to an account."""
    owned = reduce(or_, (Q((lookup, user.pk)) for lookup in lookups))
    # Several lookups may lead to one row, some over rows of many.
    ids = model._base_manager.filter(owned).values("pk")
    return model._base_manager.filter(pk__in=ids)


def counts(user: User) -> dict[str, int]:
    """Return how many rows of each kind an account has, without kinds of which there are none."""
    found = {
        str(model._meta.verbose_name_plural): rows_of(model, lookups, user).count()
        for model, lookups in models_of_people().items()
    }
    return {kind: number for kind, number in sorted(found.items()) if number}


def has_vanished(error: ObjectDoesNotExist) -> bool:
    """Return whether an error tells of a row of a person, which may be deleted during a call.

    Rows of other models stay: one that is missing is an error of ours.
    """
    return isinstance(error, _of_people())


@cache
def _of_people() -> tuple[type[ObjectDoesNotExist], ...]:
    models: list[Any] = [User, *models_of_people()]
    return tuple(model.DoesNotExist for model in models)


def every_model() -> list[type[Model]]:
    """Return all models with a table."""
    models = apps.get_models(include_auto_created=True)
    return [model for model in models if model._meta.managed and not model._meta.proxy]


def _below(model: type[Model], path: str, depth: int) -> Iterator[tuple[type[Model], str]]:
    """Yield the models whose rows the deletion of a row of this one deletes, with the lookup."""
    if not depth:
        return
    fields: list[Any] = model._meta.get_fields(include_hidden=True)
    for relation in fields:
        # The sides of relations that other models declare; rows between two models go with either.
        if not isinstance(relation, ForeignObjectRel) or relation.many_to_many:
            continue
        child, name = relation.related_model, relation.field.name
        if relation.on_delete is not CASCADE or child is User:
            continue
        lookup = f"{name}__{path}" if path else name
        yield child, lookup
        yield from _below(child, lookup, depth - 1)
