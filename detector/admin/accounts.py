"""Accounts, their tokens, and the roles of staff."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from detector.accounts import erasure, export, preferences, receipts
from detector.admin.base import AuditedAdmin, ErasingAdmin
from detector.common.streams import streamed
from detector.exceptions import DetectorError
from detector.models import ApiToken, Photo, User
from detector.photos import selectors as photo_selectors

# Replace Django's panel.
admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(AuditedAdmin[Group], DjangoGroupAdmin):
    """Panel of roles."""

    filter_horizontal = ()


@admin.register(User)
class UserAdmin(ErasingAdmin[User], DjangoUserAdmin[User]):
    """Django's panel with preferences and usage.

    Only superusers give rights and change or erase accounts that have rights. Otherwise anyone who
    may change accounts could give themselves any right.
    """

    is_personal = True
    RIGHTS = ("is_staff", "is_superuser", "groups")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ["username", "password", "email", "first_name", "last_name"]}),
        ("Usage", {"fields": ["usage", "date_joined", "last_login"]}),
        ("Rights", {"fields": ["is_active", *RIGHTS]}),
        ("Preferences", {"fields": ["time_zone", "keep_photos_days"]}),
        ("Consent", {"fields": ["consent_version", "consented_at", "review_consented_at"]}),
    )
    # Only users themselves give consent.
    readonly_fields = [
        "usage", "date_joined", "last_login", "consent_version", "consented_at",
        "review_consented_at",
    ]  # fmt: skip
    list_display = [
        "username", "email", "is_staff", "is_active", "photos", "size", "date_joined",
    ]  # fmt: skip
    list_filter = ["is_staff", "is_superuser", "is_active", "groups"]
    search_fields = ["username"]
    exact_lookups = ("id", "username__startswith", "email__startswith")
    search_help_text = "Beginning of a name or an e-mail, or an id."
    date_hierarchy = "date_joined"
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the users with the number and bytes of their photos, counted for one page."""
        kept = Photo.objects.filter(owner=OuterRef("pk")).order_by().values("owner")
        return (
            super()
            .get_queryset(request)
            .annotate(
                kept_photos=Coalesce(Subquery(kept.annotate(n=Count("pk")).values("n")), 0),
                kept_bytes=Coalesce(Subquery(kept.annotate(n=Sum("stored_bytes")).values("n")), 0),
            )
        )

    def get_urls(self) -> list[URLPattern]:
        """Return the URLs, with that of the export."""
        view = self.admin_site.admin_view(self.export)
        return [
            path("<uuid:user_id>/export/", view, name="detector_user_export"),
            *super().get_urls(),
        ]

    def export(self, request: HttpRequest, user_id: Any) -> HttpResponseBase:
        """Stream all data of a user as ZIP. This needs the permission to delete the user."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        user = get_object_or_404(User, pk=user_id)
        name = f'attachment; filename="emotionsite-{user.pk}.zip"'
        headers = {"Content-Disposition": name, "Cache-Control": "private, no-store"}
        try:
            response = streamed(export.zip_pieces(user), "application/zip", headers)
        except DetectorError as error:
            self.message_user(request, error.message, messages.ERROR)
            return redirect("admin:detector_user_change", user.pk)
        self.note(request, "exported", user)
        return response

    @admin.display(description="Photos")
    def photos(self, user: Any) -> str:
        """Return the number of photos."""
        return f"{user.kept_photos:,}"

    @admin.display(description="Size")
    def size(self, user: Any) -> str:
        """Return the size of the photos."""
        return filesizeformat(user.kept_bytes)

    @admin.display(description="Usage")
    def usage(self, user: User) -> str:
        """Return the usage compared with the quotas."""
        used = photo_selectors.usage(user)
        photos = f"{used.photos:,} of {settings.QUOTA_PHOTOS:,} photos"
        return f"{photos}, {filesizeformat(used.bytes)} of {filesizeformat(settings.QUOTA_BYTES)}"

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Return the read-only fields: rights are among them unless the user is a superuser."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, *self.RIGHTS]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Require the permission, and a superuser for accounts that have rights."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Require the permission, and a superuser for accounts that have rights."""
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer bulk deletion to superusers only: it does not check permissions by object."""
        actions = super().get_actions(request)
        if not request.user.is_superuser:
            actions.pop("delete_selected", None)
        return actions

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete the account with all data. Its receipt follows the commit."""
        _erased(request).append(erasure.delete(obj))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Erase an account, and show the receipt."""
        response = super().delete_view(request, object_id, extra_context)
        return self._receipts(request) or response

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[User], *args: Any
    ) -> HttpResponse | None:
        """Erase all chosen accounts or none, and show the receipts."""
        with transaction.atomic():
            response = super().response_action(request, queryset, *args)
        return self._receipts(request) or response

    def _receipts(self, request: HttpRequest) -> HttpResponse | None:
        """Return the page with the receipts of what this request erased, if it erased anything."""
        erased = _erased(request)
        if not erased:
            return None
        texts = [each.receipt() for each in erased]
        if request.user.pk in [each.identity.user_id for each in erased]:
            logout(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Receipts of erasures",
            "receipts": [
                {"name": each.identity.name, "text": text, "verified": receipts.verify(text)}
                for each, text in zip(erased, texts, strict=True)
            ],
        }
        return TemplateResponse(request, "admin/detector/user/receipts.html", context)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save the user; a new time zone moves the days of all photos."""
        time_zone = obj.time_zone
        if change:
            obj.time_zone = User.objects.values_list("time_zone", flat=True).get(pk=obj.pk)
        super().save_model(request, obj, form, change)
        preferences.set_time_zone(obj, time_zone)


def _erased(request: HttpRequest) -> list[erasure.Erased]:
    """Return the accounts that this request erased, whose receipts are due."""
    erased: list[erasure.Erased] = vars(request).setdefault("erased_accounts", [])
    return erased


def _may_touch(request: HttpRequest, obj: User | None) -> bool:
    return request.user.is_superuser or obj is None or not (obj.is_staff or obj.is_superuser)


@admin.register(ApiToken)
class ApiTokenAdmin(AuditedAdmin[ApiToken]):
    """Panel of tokens, which can be revoked. Their secrets are not stored."""

    list_display = ["name", "user", "created", "expiry"]
    # The URL of a page for one token would contain its digest.
    list_display_links = None
    list_select_related = ["user"]
    fields = ["name", "user", "created", "expiry"]
    readonly_fields = ["name", "user", "created", "expiry"]
    search_fields = ["name"]
    owner_lookup, exact_lookups = "user", ("name",)
    search_help_text = "An owner's name or e-mail, or the name of a token."
    date_hierarchy = "created"
    ordering = ["-created"]

    def note(self, request: HttpRequest, done: str, obj: Any, **details: Any) -> None:
        """Record an entry with the id of the token, because its primary key is the digest."""
        super().note(request, done, obj.user, token=str(obj.id), **details)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Forbid adding: owners make their tokens themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Forbid changes."""
        return False
