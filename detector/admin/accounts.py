"""Accounts and their tokens."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest

from detector.models import ApiToken, User


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    """Django's own panel, with the time zone."""

    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), ("Preferences", {"fields": ["time_zone"]}))
    list_display = ["username", "email", "is_staff", "is_active", "date_joined"]


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Tokens can be revoked here; their secrets are known to nobody."""

    list_display = ["name", "user", "created", "expiry"]
    list_select_related = ["user"]
    fields = ["name", "user", "created", "expiry"]
    readonly_fields = ["name", "user", "created", "expiry"]
    search_fields = ["name", "user__username", "user__email"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tokens are made by their owners."""
        return False
