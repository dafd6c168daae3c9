"""The audit log."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from detector.admin.base import ReadOnlyAdmin
from detector.common.distinct import distinct_values
from detector.models import AuditEntry


class ColumnFilter(admin.SimpleListFilter):
    """The values that a column has, from its index, for the log grows without end."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Each value once."""
        found = distinct_values(AuditEntry.objects.all(), str(self.parameter_name))
        return [(value, value) for value in found if value]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The entries with the value that was chosen."""
        chosen = {str(self.parameter_name): self.value()}
        return queryset.filter(**chosen) if self.value() else queryset


class ActionFilter(ColumnFilter):
    """What was done."""

    title = parameter_name = "action"


class TargetTypeFilter(ColumnFilter):
    """What sort of thing it was done to."""

    title, parameter_name = "target type", "target_type"


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    """Who did what. Nobody writes here, and reading it is noted nowhere."""

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
        """Also the entries on one thing, as a page of that thing asks for them."""
        return lookup == "target_id" or super().lookup_allowed(lookup, value, request)
