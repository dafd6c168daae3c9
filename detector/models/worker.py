"""Which workers are alive."""

from django.db import models


class WorkerHeartbeat(models.Model):
    """The last sign of life of a worker whose model is loaded and warm."""

    name = models.CharField(max_length=200, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
