"""Constraints that several tables have in common."""

from django.db import models
from django.db.models import Q


def allows_only(
    field: str, choices: type[models.TextChoices] | type[models.IntegerChoices], *, name: str
) -> models.CheckConstraint:
    """Return the constraint that a column holds one of the choices."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": choices.values}), name=name)
