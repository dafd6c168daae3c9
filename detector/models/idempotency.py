"""Calls that a program may send again without doing them twice."""

from django.conf import settings
from django.db import models


class IdempotentCall(models.Model):
    """A call under a key of its owner's, and what came of it.

    Without `answered_at` somebody works on it since `claimed_at`. Only ids are kept of what was
    accepted: the answer is made anew each time, so that nothing here outlives a photo. `rejected`
    says of each file that was not taken its name and why.
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
