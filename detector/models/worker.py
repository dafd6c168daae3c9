"""Heartbeats of the workers."""

from django.db import models


class WorkerHeartbeat(models.Model):
    """The last heartbeat of a worker whose model is loaded."""

    name = models.CharField(max_length=200, primary_key=True)
    seen_at = models.DateTimeField()
    taken_at = models.DateTimeField(
        null=True, blank=True, help_text="When it last took a task, of whatever kind."
    )
    is_busy = models.BooleanField(db_default=False, help_text="As of the last sign of life.")

    def __str__(self) -> str:
        return self.name
