"""Versions of the trained network."""

from django.db import models
from django.db.models import Q

from detector.enums import ModelStatus
from detector.models.constraints import allows_only
from detector.models.row import Row


class ModelVersion(Row):
    """Weights, identified by name and checksum, with their manifest."""

    name = models.CharField(max_length=50)
    sha256 = models.CharField(max_length=64, help_text="Of the serving weights.")
    manifest = models.JSONField(default=dict)
    status = models.CharField(max_length=9, choices=ModelStatus, default=ModelStatus.CANDIDATE)
    activated_at = models.DateTimeField(
        null=True, blank=True, help_text="When it last began to serve."
    )
    chosen_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When a person chose it over the version that ships; see decision 0013.",
    )
    in_shadow = models.BooleanField(
        default=False, help_text="Whether it scores live photos without showing what it says."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(Row.Meta):
        constraints = [
            models.UniqueConstraint(fields=["name", "sha256"], name="model_version_once"),
            models.UniqueConstraint(
                fields=["status"],
                condition=Q(status=ModelStatus.ACTIVE),
                name="model_version_one_active",
            ),
            models.CheckConstraint(
                condition=~Q(status=ModelStatus.ACTIVE, in_shadow=True),
                name="model_version_active_shows",
            ),
            allows_only("status", ModelStatus, name="model_version_status_known"),
        ]

    def __str__(self) -> str:
        return self.name
