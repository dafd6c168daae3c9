"""API tokens, with which programs act for their owner."""

from collections.abc import Collection
from typing import TypedDict

from django.db import models
from django.db.models import Q
from knox.models import AbstractAuthToken

from detector.enums import Scope
from detector.models.ids import new_id


class ScopeFlags(TypedDict):
    """The columns of a token that hold its scopes."""

    can_read: bool
    can_write: bool
    can_review: bool


class ApiToken(AbstractAuthToken):
    """An API token. Only its digest is stored; `id` may be shown, unlike knox's primary key."""

    id = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=100)
    can_read = models.BooleanField(default=True)
    can_write = models.BooleanField(default=True)
    can_review = models.BooleanField(default=False)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=Q(can_read=True) | Q(can_write=True) | Q(can_review=True),
                name="api_token_has_a_scope",
            ),
        ]
        indexes = [models.Index(fields=["-created"], name="api_token_by_date")]

    def __str__(self) -> str:
        return self.name

    @property
    def scopes(self) -> list[Scope]:
        """The scopes it grants, in the order of `Scope`."""
        held = {
            Scope.READ: self.can_read,
            Scope.WRITE: self.can_write,
            Scope.REVIEW: self.can_review,
        }
        return [scope for scope in Scope if held[scope]]

    @staticmethod
    def flags(scopes: Collection[Scope]) -> ScopeFlags:
        """Return the columns that grant these scopes."""
        return {
            "can_read": Scope.READ in scopes,
            "can_write": Scope.WRITE in scopes,
            "can_review": Scope.REVIEW in scopes,
        }
