"""Webhooks and what they were told."""

from typing import Any

from rest_framework import serializers

from detector.api.serializers.fields import TextField
from detector.enums import DeliveryStatus, Event
from detector.models import WebhookDelivery, WebhookEndpoint


class WebhookSerializer(serializers.Serializer[WebhookEndpoint]):
    """An address that is told of what happens, without its secret."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    description = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(Event.choices))
    created_at = serializers.DateTimeField()
    failures = serializers.IntegerField(help_text="Failed attempts since the last success.")
    failing_since = serializers.DateTimeField(allow_null=True)
    disabled_at = serializers.DateTimeField(allow_null=True)
    disabled_reason = serializers.CharField(help_text="Empty while it is told of events.")


class NewWebhookSerializer(WebhookSerializer):
    """With the secret that signs what is sent; shown at birth and when it is renewed."""

    secret = serializers.CharField()


class WebhookWishSerializer(serializers.Serializer[Any]):
    """What a new webhook shall be."""

    url = serializers.URLField(max_length=500, help_text="Must lead to a public address.")
    events = serializers.ListField(
        child=serializers.ChoiceField(Event.choices), allow_empty=False, max_length=len(Event)
    )
    description = TextField(max_length=200, default="", allow_blank=True)


class WebhookChangeSerializer(serializers.Serializer[Any]):
    """What shall change; what is left out stays as it is."""

    url = serializers.URLField(max_length=500, required=False)
    events = serializers.ListField(
        child=serializers.ChoiceField(Event.choices),
        allow_empty=False,
        max_length=len(Event),
        required=False,
    )
    description = TextField(max_length=200, required=False, allow_blank=True)
    disabled = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A call that changes nothing is a mistake."""
        if not attrs:
            raise serializers.ValidationError(f"Give one of: {', '.join(self.fields)}.")
        return attrs


class DeliverySerializer(serializers.Serializer[WebhookDelivery]):
    """An event on its way to a webhook, and the last answer that it got."""

    id = serializers.UUIDField(help_text="Sent as `webhook-id`.")
    event = serializers.ChoiceField(Event.choices)
    subject = serializers.UUIDField(help_text="The analysis or review that it tells of.")
    payload = serializers.CharField(help_text="The body, as it is signed and sent.")
    status = serializers.ChoiceField(DeliveryStatus.choices)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When it is tried next, while it waits.")
    finished_at = serializers.DateTimeField(allow_null=True)
    response_status = serializers.IntegerField(allow_null=True)
    response_body = serializers.CharField(help_text="The beginning of it.")
    error = serializers.CharField(help_text="Why no answer came; empty where one did.")
