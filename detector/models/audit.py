"""The audit log: what the people who run the site did."""

from typing import Any, NoReturn, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.models.row import Row


class AuditLogIsFinalError(Exception):
    """Somebody tried to change or remove an audit entry."""


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """A queryset that can only read and add; the database refuses the rest as well."""

    def update(self, **_: Any) -> NoReturn:
        """Raise AuditLogIsFinalError: an entry is never changed."""
        raise AuditLogIsFinalError

    def delete(self) -> NoReturn:
        """Refuse: entries are never deleted."""
        raise AuditLogIsFinalError

    def about(self, target: models.Model) -> Self:
        """Return the entries about one target."""
        return self.filter(target_type=target._meta.model_name, target_id=str(target.pk))


class AuditEntry(Row):
    """One act: who did what to which target.

    Rows are added and never changed or removed; triggers in the database enforce it. The one
    exception: `actor` becomes NULL when the account is deleted, and `actor_name` stays. The target
    is named by text, since it may be deleted, too.
    """

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150)
    action = models.CharField(max_length=50, help_text="What it was done to, a dot, what was done.")
    target_type = models.CharField(max_length=50, blank=True)
    target_id = models.CharField(max_length=50, blank=True)
    target_name = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)

    objects = AuditEntryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name_plural = "audit log"
        # Only `common.audit.record` adds entries and nobody changes them: one permission suffices.
        default_permissions = ["view"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(action="") & ~Q(actor_name=""), name="audit_entry_says_who_and_what"
            ),
        ]
        indexes = [
            models.Index(fields=["target_type", "target_id", "-id"], name="audit_by_target"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            models.Index(fields=["at"], name="audit_by_time"),
            models.Index(fields=["actor_name", "-id"], name="audit_by_actor"),
            models.Index(fields=["target_name", "-id"], name="audit_by_target_name"),
            models.Index(fields=["target_id", "-id"], name="audit_by_target_id"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} {self.target_name}".rstrip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row. Raises AuditLogIsFinalError where it exists already."""
        if not self._state.adding:
            raise AuditLogIsFinalError
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: entries are never deleted."""
        raise AuditLogIsFinalError
