"""Webhooks and their deliveries."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector.api.codes import can_fail
from detector.api.serializers.webhooks import (
    DeliverySerializer,
    NewWebhookSerializer,
    WebhookChangeSerializer,
    WebhookSerializer,
    WebhookWishSerializer,
)
from detector.api.views.base import ApiMixin, caller, checked, created, list_schema
from detector.common import locks
from detector.enums import Scope
from detector.models import WebhookDelivery, WebhookEndpoint
from detector.webhooks import endpoints, notify
from detector.webhooks import selectors as webhook_selectors


@list_schema("Your webhooks, newest first", WebhookSerializer)
class WebhookViewSet(ApiMixin, ListModelMixin, GenericViewSet[WebhookEndpoint]):
    """The caller's webhooks."""

    serializer_class = WebhookSerializer
    filter_backends = ()
    lookup_field = "id"
    lookup_value_converter = "uuid"
    # Whoever controls the address of a webhook reads its events.
    also_needed = {"POST": Scope.READ, "PATCH": Scope.READ}
    queryset = WebhookEndpoint.objects.none()

    def get_queryset(self) -> Any:
        """Return the caller's own webhooks."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return webhook_selectors.webhooks_of(caller(self.request))

    def lock_object(self) -> None:
        """Lock the webhook."""
        locks.lock_webhook(self._endpoint(self.kwargs["id"]))

    @extend_schema(
        summary="Make a webhook",
        description="The secret is shown in this answer; verify events with it as in Standard "
        "Webhooks. A token also needs `read`, because the address of the webhook gets your "
        "results.",
        request=WebhookWishSerializer,
        responses={201: NewWebhookSerializer},
        extensions=can_fail("url_refused", "too_many_webhooks"),
    )
    def create(self, request: Request) -> Response:
        """Make a webhook; 400 `url_refused` for an address that is not public."""
        wish = checked(WebhookWishSerializer(data=request.data))
        endpoint = endpoints.create_endpoint(caller(request), **wish)
        url = reverse("api:v1:webhook-detail", args=[endpoint.pk])
        return created(request, NewWebhookSerializer(endpoint).data, url)

    @extend_schema(summary="One webhook", responses={200: WebhookSerializer})
    def retrieve(self, request: Request, id: UUID) -> Response:
        """Return the webhook, without its secret."""
        return Response(WebhookSerializer(self._endpoint(id)).data)

    @extend_schema(
        summary="Change a webhook, disable or enable it",
        description="A token also needs `read`.",
        request=WebhookChangeSerializer,
        responses={200: WebhookSerializer},
        extensions=can_fail("url_refused"),
    )
    def partial_update(self, request: Request, id: UUID) -> Response:
        """Change the given fields."""
        endpoint = self._endpoint(id)
        changes = checked(WebhookChangeSerializer(data=request.data))
        endpoints.change_endpoint(endpoint, guard=self.if_unchanged(), **changes)
        return Response(WebhookSerializer(self._endpoint(id)).data)

    @extend_schema(summary="Delete a webhook", responses={204: None})
    def destroy(self, request: Request, id: UUID) -> Response:
        """Delete the webhook with its deliveries."""
        endpoint = self._endpoint(id)
        with self.if_unchanged():
            endpoints.delete_endpoint(endpoint)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _endpoint(self, endpoint_id: UUID) -> WebhookEndpoint:
        endpoint: WebhookEndpoint = get_object_or_404(self.get_queryset(), id=endpoint_id)
        return endpoint


class DeliveryViewSet(ApiMixin, ListModelMixin, GenericViewSet[WebhookDelivery]):
    """Deliveries of a webhook."""

    serializer_class = DeliverySerializer
    filter_backends = ()
    also_needed = {"POST": Scope.READ}
    queryset = WebhookDelivery.objects.none()

    def get_queryset(self) -> Any:
        """Return the deliveries of one of the caller's own webhooks."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return webhook_selectors.deliveries_of(caller(self.request), self.kwargs["webhook_id"])

    @extend_schema(
        summary="Deliveries of a webhook, newest first",
        responses={200: DeliverySerializer(many=True)},
    )
    def list(self, request: Request, webhook_id: UUID) -> Response:
        """Return the deliveries with the answers of the receiver."""
        get_object_or_404(webhook_selectors.webhooks_of(caller(request)), id=webhook_id)
        return super().list(request)

    @extend_schema(summary="One delivery", responses={200: DeliverySerializer})
    def retrieve(self, request: Request, webhook_id: UUID, id: UUID) -> Response:
        """Return the delivery with the answer of the receiver."""
        return Response(DeliverySerializer(self._delivery(id)).data)

    @extend_schema(
        summary="Send a delivery again",
        description="It is sent at once, as a new delivery. A token also needs `read`.",
        request=None,
        responses={202: DeliverySerializer},
    )
    def resend(self, request: Request, webhook_id: UUID, id: UUID) -> Response:
        """Send the event again and return the new delivery."""
        delivery = self._delivery(id)
        with self.if_unchanged():
            copy = notify.send_again(delivery)
        return Response(DeliverySerializer(copy).data, status=status.HTTP_202_ACCEPTED)

    def _delivery(self, delivery_id: UUID) -> WebhookDelivery:
        delivery: WebhookDelivery = get_object_or_404(self.get_queryset(), id=delivery_id)
        return delivery
