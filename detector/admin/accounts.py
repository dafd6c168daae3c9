"""Accounts and their tokens."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest

from detector.admin.base import ErasingAdmin
from detector.models import ApiToken, User
from detector.services import accounts, erasure


@admin.register(User)
class UserAdmin(ErasingAdmin[User], DjangoUserAdmin[User]):
    """Django's own panel, with the preferences."""

    fieldsets = (
        *(DjangoUserAdmin.fieldsets or ()),
        ("Preferences", {"fields": ["time_zone", "keep_photos_days"]}),
        ("Consent", {"fields": ["consent_version", "consented_at"]}),
    )
    # Consent is a person's own to give.
    readonly_fields = ["consent_version", "consented_at"]
    list_display = ["username", "email", "is_staff", "is_active", "date_joined"]

    def erase(self, obj: User) -> None:
        """Delete with all photos."""
        erasure.delete_account(obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save; another time zone moves the days of all photos."""
        time_zone = obj.time_zone
        if change:
            obj.time_zone = User.objects.values_list("time_zone", flat=True).get(pk=obj.pk)
        super().save_model(request, obj, form, change)
        accounts.set_time_zone(obj, time_zone)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Tokens can be revoked here; their secrets are known to nobody."""

    list_display = ["name", "user", "created", "expiry"]
    # The address of a token's own page would hold its digest.
    list_display_links = None
    list_select_related = ["user"]
    fields = ["name", "user", "created", "expiry"]
    readonly_fields = ["name", "user", "created", "expiry"]
    search_fields = ["name", "user__username", "user__email"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tokens are made by their owners."""
        return False
