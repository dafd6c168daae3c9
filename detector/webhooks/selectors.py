"""Reads of webhooks and of what they were told, scoped to their owner first."""

from uuid import UUID

from django.db.models import QuerySet

from detector.models import (
    User,
    WebhookDelivery,
    WebhookEndpoint,
)


def webhooks_of(owner: User) -> QuerySet[WebhookEndpoint]:
    """An owner's webhooks, the newest first."""
    return WebhookEndpoint.objects.filter(owner=owner).order_by("-id")


def disabled_webhooks_of(owner: User) -> QuerySet[WebhookEndpoint]:
    """Those of an owner's webhooks that are told nothing more."""
    return webhooks_of(owner).exclude(disabled_at=None)


def deliveries_of(owner: User, endpoint_id: UUID) -> QuerySet[WebhookDelivery]:
    """What one of an owner's webhooks was told, the newest first; but of photos in the bin."""
    deliveries = WebhookDelivery.objects.filter(
        endpoint__owner=owner, endpoint=endpoint_id, photo__deleted_at=None
    )
    return deliveries.select_related("endpoint").order_by("-id")
