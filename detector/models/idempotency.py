"""Idempotent API calls: a program may repeat them without effect."""

from django.conf import settings
from django.db import models


class IdempotentCall(models.Model):
    """A call with the idempotency key that its owner chose, and its outcome.

    While `answered_at` is empty, a process works on it since `claimed_at`. Of accepted files only
    the ids of their analyses are kept; the response is built again each time, so that no data of a
    deleted photo stay here. `rejected` holds name and reason of each rejected file.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="idempotent_calls"
    )
    key = models.CharField(max_length=255)
    request_sha256 = models.CharField(max_length=64)
    accepted = models.JSONField(default=list, blank=True, help_text="Ids of analyses.")
    rejected = models.JSONField(default=list, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="idempotent_call_once"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotent_call_age")]

    def __str__(self) -> str:
        return self.key
