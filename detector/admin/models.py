"""Model versions."""

from django.contrib import admin

from detector.admin.base import ReadOnlyAdmin
from detector.models import ModelVersion


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin[ModelVersion]):
    """Which networks gave answers, with their manifests."""

    list_display = ["name", "status", "sha256", "created_at"]
    list_filter = ["status"]
    search_fields = ["name", "=sha256"]
    date_hierarchy = "created_at"
