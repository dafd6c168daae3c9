"""The audit log."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from detector.admin.base import ReadOnlyAdmin
from detector.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    """Who did what. Nobody writes here, and reading it is noted nowhere."""

    list_display = ["at", "actor_name", "action", "target_type", "target_name", "target_id"]
    list_filter = ["action", "target_type"]
    search_fields = ["actor_name"]
    exact_lookups = ("actor_name", "target_id__exact", "target_name", "action")
    search_help_text = "An action, an id, or the whole name of who did it or what it was done to."
    date_hierarchy = "at"
    fields = [
        "at", "actor_name", "action", "target_type", "target_id", "target_name", "details",
    ]  # fmt: skip

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Also the entries on one thing, as a page of that thing asks for them."""
        return lookup == "target_id" or super().lookup_allowed(lookup, value, request)
