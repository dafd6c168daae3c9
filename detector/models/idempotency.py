"""Calls that a program may send again without doing them twice."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class IdempotentCall(models.Model):
    """A call under a key of its owner's, and the answer that it got.

    Without an answer somebody works on it since `claimed_at`. The answer is kept as text: it is
    given again byte for byte.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="idempotent_calls"
    )
    key = models.CharField(max_length=255)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="idempotent_call_once"),
            models.CheckConstraint(
                condition=Q(status=None, answer="") | (~Q(status=None) & ~Q(answer="")),
                name="idempotent_call_answer_has_status",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotent_call_age")]

    def __str__(self) -> str:
        return self.key
