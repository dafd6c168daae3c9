"""Queries of webhooks and their deliveries, always scoped to the owner."""

from uuid import UUID

from django.db.models import QuerySet

from detector.models import (
    User,
    WebhookDelivery,
    WebhookEndpoint,
)


def webhooks_of(owner: User) -> QuerySet[WebhookEndpoint]:
    """Return an owner's webhooks, the newest first."""
    return WebhookEndpoint.objects.filter(owner=owner).order_by("-id")


def disabled_webhooks_of(owner: User) -> QuerySet[WebhookEndpoint]:
    """Return an owner's disabled webhooks."""
    return webhooks_of(owner).exclude(disabled_at=None)


def deliveries_of(owner: User, endpoint_id: UUID) -> QuerySet[WebhookDelivery]:
    """Return a webhook's deliveries, the newest first, except those of what is in the trash."""
    deliveries = WebhookDelivery.objects.filter(
        endpoint__owner=owner,
        endpoint=endpoint_id,
        photo__deleted_at=None,
        video__deleted_at=None,
    )
    return deliveries.select_related("endpoint").order_by("-id")
