"""What people who run the site did, for those who have to account for it."""

from typing import Any, NoReturn, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.models.ids import new_id


class AuditLogIsFinalError(Exception):
    """Somebody tried to change or to remove what is written in the audit log."""


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """Reads and adds; the database refuses the rest, too."""

    def update(self, **_: Any) -> NoReturn:
        """Refused: an entry stays as it was written."""
        raise AuditLogIsFinalError

    def delete(self) -> NoReturn:
        """Refused: an entry stays."""
        raise AuditLogIsFinalError

    def about(self, target: models.Model) -> Self:
        """The entries on one thing."""
        return self.filter(target_type=target._meta.model_name, target_id=str(target.pk))


class AuditEntry(models.Model):
    """One thing that was done, by whom, and to what.

    Rows are added and never changed or removed: triggers in the database see to it, whatever
    writes there. One change is let through, that `actor` becomes empty when the account goes;
    `actor_name` still says who it was. The target is named by text, for it may be gone, too.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
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

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit log"
        # Nobody but `services.audit.record` adds, and nobody changes: there is one permission.
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
        """Add the row; refused where it is there already."""
        if not self._state.adding:
            raise AuditLogIsFinalError
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: an entry stays."""
        raise AuditLogIsFinalError
