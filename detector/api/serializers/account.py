"""Who calls, and what they may."""

from typing import Any

from rest_framework import serializers

from detector.enums import ModelStatus, Scope
from detector.models import ModelVersion


class UsageSerializer(serializers.Serializer[Any]):
    """How much is kept, the bin included."""

    photos = serializers.IntegerField()
    bytes = serializers.IntegerField()


class RateSerializer(serializers.Serializer[Any]):
    """So many calls in so many seconds."""

    calls = serializers.IntegerField()
    seconds = serializers.IntegerField()


class RatesSerializer(serializers.Serializer[Any]):
    """Limits of calls: of a person, of one token, and of uploads among them."""

    user = RateSerializer()
    token = RateSerializer()
    uploads = RateSerializer()


class LimitsSerializer(serializers.Serializer[Any]):
    """What this installation allows."""

    photos = serializers.IntegerField(help_text="That one person may keep.")
    bytes = serializers.IntegerField(help_text="That one person may keep.")
    image_bytes = serializers.IntegerField()
    image_pixels = serializers.IntegerField()
    images_a_call = serializers.IntegerField()
    request_bytes = serializers.IntegerField()
    wait_seconds = serializers.IntegerField()
    rates = RatesSerializer()


class MeSerializer(serializers.Serializer[Any]):
    """Who calls, and what they may."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    email = serializers.CharField(help_text="Empty where there is none.")
    time_zone = serializers.CharField(help_text="In which your days begin.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), help_text="Of the token that is used."
    )
    usage = UsageSerializer()
    limits = LimitsSerializer()


class ModelVersionSerializer(serializers.Serializer[ModelVersion]):
    """A network that has answered here."""

    name = serializers.CharField()
    sha256 = serializers.CharField(help_text="Of its serving weights.")
    status = serializers.ChoiceField(ModelStatus.choices)
    created_at = serializers.DateTimeField(help_text="When it first answered here.")
    manifest = serializers.DictField(
        help_text="What it was trained on, how it was measured, and how it is calibrated."
    )
