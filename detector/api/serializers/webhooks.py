"""Webhooks and what they were told."""

from rest_framework import serializers

from detector.api.serializers.fields import BodySerializer, ChangeSerializer, MomentField, TextField
from detector.enums import DeliveryStatus, Event
from detector.models import WebhookDelivery, WebhookEndpoint


class WebhookSerializer(serializers.Serializer[WebhookEndpoint]):
    """An address that is told of what happens, without its secret."""

    id = serializers.UUIDField(help_text="Sorts by time.")
    url = serializers.CharField(help_text="What is told.")
    description = serializers.CharField(help_text="For yourself.")
    events = serializers.ListField(
        child=serializers.ChoiceField(Event.choices), help_text="What it is told of."
    )
    created_at = MomentField(help_text="When it was made.")
    failures = serializers.IntegerField(help_text="Failed attempts since the last success.")
    failing_since = MomentField(allow_null=True, help_text="When these failures began.")
    disabled_at = MomentField(allow_null=True, help_text="Since when it is told nothing.")
    disabled_reason = serializers.CharField(help_text="Empty while it is told of events.")


class NewWebhookSerializer(WebhookSerializer):
    """With the secret that signs what is sent; shown at birth and when it is renewed."""

    secret = serializers.CharField(help_text="Signs what is sent; shown once.")


class WebhookWishSerializer(BodySerializer):
    """What a new webhook shall be."""

    url = serializers.URLField(max_length=500, help_text="Must lead to a public address.")
    events = serializers.ListField(
        child=serializers.ChoiceField(Event.choices),
        allow_empty=False,
        max_length=len(Event),
        help_text="What it is told of.",
    )
    description = TextField(max_length=200, default="", allow_blank=True, help_text="For yourself.")


class WebhookChangeSerializer(ChangeSerializer):
    """What shall change; what is left out stays as it is."""

    url = serializers.URLField(
        max_length=500, required=False, help_text="Must lead to a public address."
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(Event.choices),
        allow_empty=False,
        max_length=len(Event),
        required=False,
        help_text="Replaces all events.",
    )
    description = TextField(
        max_length=200, required=False, allow_blank=True, help_text="For yourself."
    )
    disabled = serializers.BooleanField(
        required=False, help_text="True stops it, false starts it again."
    )


class DeliverySerializer(serializers.Serializer[WebhookDelivery]):
    """An event on its way to a webhook, and the last answer that it got."""

    id = serializers.UUIDField(help_text="Sent as `webhook-id`.")
    event = serializers.ChoiceField(Event.choices, help_text="What happened.")
    subject = serializers.UUIDField(help_text="The analysis or review that it tells of.")
    payload = serializers.CharField(help_text="The body, as it is signed and sent.")
    status = serializers.ChoiceField(DeliveryStatus.choices, help_text="Where it stands.")
    attempts = serializers.IntegerField(help_text="So far.")
    created_at = MomentField(help_text="When it happened.")
    due_at = MomentField(help_text="When it is tried next, while it waits.")
    finished_at = MomentField(allow_null=True, help_text="When it ended, either way.")
    response_status = serializers.IntegerField(allow_null=True, help_text="Of the last answer.")
    response_body = serializers.CharField(help_text="The beginning of it.")
    error = serializers.CharField(help_text="Why no answer came; empty where one did.")
