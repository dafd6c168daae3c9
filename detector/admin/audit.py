"""The audit log."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from detector.admin.base import ReadOnlyAdmin
from detector.common.distinct import distinct_values
from detector.models import AuditEntry


class ColumnFilter(admin.SimpleListFilter):
    """Filter by the values of a column, which come from its index: the log grows without end."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return each value once."""
        found = distinct_values(AuditEntry.objects.all(), str(self.parameter_name))
        return [(value, value) for value in found if value]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the entries with the chosen value."""
        chosen = {str(self.parameter_name): self.value()}
        return queryset.filter(**chosen) if self.value() else queryset


class ActionFilter(ColumnFilter):
    """Filter by action."""

    title = parameter_name = "action"


class TargetTypeFilter(ColumnFilter):
    """Filter by the type of the target."""

    title, parameter_name = "target type", "target_type"


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    """Panel of the audit log. It is read-only, and reading it leaves no entry."""

    list_display = ["at", "actor_name", "action", "target_type", "target_name", "target_id"]
    list_filter = [ActionFilter, TargetTypeFilter]
    search_fields = ["actor_name"]
    exact_lookups = ("actor_name", "target_id__exact", "target_name", "action")
    search_help_text = "An action, an id, or the whole name of who did it or what it was done to."
    date_hierarchy = "at"
    fields = [
        "at", "actor_name", "action", "target_type", "target_id", "target_name", "details",
    ]  # fmt: skip

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow also `target_id`, for the history link on the page of an object."""
        return lookup == "target_id" or super().lookup_allowed(lookup, value, request)
