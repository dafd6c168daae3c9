"""What the panels share."""

from typing import TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

ModelT = TypeVar("ModelT", bound=Model)


class ErasingAdmin(admin.ModelAdmin[ModelT]):
    """Deletes through a service; what goes along needs no permission of its own."""

    def get_deleted_objects(self, objs, request):  # type: ignore[no-untyped-def]
        """What the confirmation shows."""
        to_delete, counts, _, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, set(), protected

    def erase(self, obj: ModelT) -> None:
        """Call the service."""
        raise NotImplementedError

    def delete_model(self, request: HttpRequest, obj: ModelT) -> None:
        """Erase one."""
        self.erase(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ModelT]) -> None:
        """Erase several."""
        for obj in queryset:
            self.erase(obj)


class ReadOnlyAdmin(admin.ModelAdmin[ModelT]):
    """Shows rows that only services may write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        """Nobody changes by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        """Nobody deletes by hand."""
        return False
