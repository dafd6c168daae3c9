"""Panels of webhooks and their deliveries."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from detector.admin.base import ReadOnlyAdmin
from detector.models import WebhookDelivery, WebhookEndpoint
from detector.webhooks import endpoints


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin[WebhookEndpoint]):
    """Panel of webhooks, without their secrets."""

    is_personal = True
    list_display = ["url", "owner", "failures", "failing_since", "disabled_at", "created_at"]
    list_select_related = ["owner"]
    list_filter = [("disabled_at", admin.EmptyFieldListFilter)]
    search_fields = ["url"]
    owner_lookup, exact_lookups = "owner", ("url", "id")
    search_help_text = "An owner's name or e-mail, an address, or an id."
    date_hierarchy = "created_at"
    exclude = ["secret"]
    actions = ["disable"]

    @admin.action(description="Disable webhooks", permissions=["disable"])
    def disable(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """Disable the webhooks of the selection; their owners can enable them again."""
        enabled = list(queryset.filter(disabled_at=None))
        for endpoint in enabled:
            self.note(request, "disabled", endpoint)
            endpoints.change_endpoint(endpoint, disabled=True)
        self.message_user(request, f"{len(enabled)} webhooks disabled.", messages.SUCCESS)

    def has_disable_permission(self, request: HttpRequest) -> bool:
        """Require the permission to change webhooks."""
        return request.user.has_perm("detector.change_webhookendpoint")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin[WebhookDelivery]):
    """Panel of deliveries."""

    is_personal = True
    list_display = ["event", "endpoint", "status", "attempts", "response_status", "created_at"]
    list_select_related = ["endpoint"]
    list_filter = ["status", "event"]
    search_fields = ["subject"]
    owner_lookup, exact_lookups = "endpoint__owner", ("endpoint_id",)
    search_help_text = "An owner's name or e-mail, or the id of a webhook."
    date_hierarchy = "created_at"
