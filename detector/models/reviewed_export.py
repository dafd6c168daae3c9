"""Exports of reviewed faces, which are data sets for training."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.models.row import Row


class ReviewedExport(Row):
    """One frozen file of reviewed faces: what it holds, not whose faces.

    `name` holds the day and the start of the checksum. `path` is where the file was written; if it
    was moved since, the checksum identifies it. `counts` holds the number of faces by split and
    emotion, the same as the manifest beside the file.
    """

    name = models.CharField(max_length=50)
    path = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64, help_text="Of the file.")
    faces = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta(Row.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(faces__gt=0), name="reviewed_export_has_faces"),
        ]

    def __str__(self) -> str:
        return self.name
