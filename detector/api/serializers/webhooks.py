"""Webhooks and their deliveries."""

from rest_framework import serializers

from detector.api.serializers.fields import BodySerializer, ChangeSerializer, MomentField, TextField
from detector.enums import DeliveryStatus, Event
from detector.models import WebhookDelivery, WebhookEndpoint


class WebhookSerializer(serializers.Serializer[WebhookEndpoint]):
    """An address that gets events, without its secret."""

    id = serializers.UUIDField(help_text="Sorts by time.")
    url = serializers.CharField(help_text="Address that gets the events.")
    description = serializers.CharField(help_text="Your note on it.")
    events = serializers.ListField(
        child=serializers.ChoiceField(Event.choices), help_text="Events that it gets."
    )
    created_at = MomentField(help_text="When it was made.")
    failures = serializers.IntegerField(help_text="Failed attempts since the last success.")
    failing_since = MomentField(allow_null=True, help_text="When these failures began.")
    disabled_at = MomentField(allow_null=True, help_text="Since when it gets no events.")
    disabled_reason = serializers.CharField(help_text="Empty while it is enabled.")


class NewWebhookSerializer(WebhookSerializer):
    """A new webhook with its secret, which is shown only here."""

    secret = serializers.CharField(help_text="Key of the signatures; shown once.")


class WebhookWishSerializer(BodySerializer):
    """A new webhook."""

    url = serializers.URLField(max_length=500, help_text="Must lead to a public address.")
    events = serializers.ListField(
        child=serializers.ChoiceField(Event.choices),
        allow_empty=False,
        max_length=len(Event),
        help_text="Events that it gets.",
    )
    description = TextField(
        max_length=200, default="", allow_blank=True, help_text="Your note on it."
    )


class WebhookChangeSerializer(ChangeSerializer):
    """Changes of a webhook; fields that are left out stay as they are."""

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
        max_length=200, required=False, allow_blank=True, help_text="Your note on it."
    )
    disabled = serializers.BooleanField(
        required=False, help_text="True disables it, false enables it."
    )


class DeliverySerializer(serializers.Serializer[WebhookDelivery]):
    """An event for a webhook, and the last answer of the receiver."""

    id = serializers.UUIDField(help_text="Sent as `webhook-id`.")
    event = serializers.ChoiceField(Event.choices, help_text="What happened.")
    subject = serializers.UUIDField(help_text="Id of the analysis or review.")
    payload = serializers.CharField(help_text="The body, as it is signed and sent.")
    status = serializers.ChoiceField(DeliveryStatus.choices, help_text="State of the delivery.")
    attempts = serializers.IntegerField(help_text="Number of attempts so far.")
    created_at = MomentField(help_text="When the event happened.")
    due_at = MomentField(help_text="When it is tried next, while it waits.")
    finished_at = MomentField(allow_null=True, help_text="When it was delivered or given up.")
    response_status = serializers.IntegerField(
        allow_null=True, help_text="Status of the last answer."
    )
    response_body = serializers.CharField(help_text="Beginning of the last answer.")
    error = serializers.CharField(help_text="Why no answer came; empty if one came.")
