"""Who calls, and what they may."""

from typing import Any

from rest_framework import serializers

from detector.api.serializers.fields import MomentField
from detector.enums import ModelStatus, Scope
from detector.models import ModelVersion


class UsageSerializer(serializers.Serializer[Any]):
    """How much is kept, the bin included."""

    photos = serializers.IntegerField(help_text="How many.")
    bytes = serializers.IntegerField(help_text="Of all their files.")


class RateSerializer(serializers.Serializer[Any]):
    """So many calls in so many seconds."""

    calls = serializers.IntegerField(help_text="At most so many.")
    seconds = serializers.IntegerField(help_text="In this time.")


class RatesSerializer(serializers.Serializer[Any]):
    """Limits of calls: of a person, of one token, and of uploads among them."""

    user = RateSerializer()
    token = RateSerializer()
    uploads = RateSerializer()


class LimitsSerializer(serializers.Serializer[Any]):
    """What this installation allows."""

    photos = serializers.IntegerField(help_text="That one person may keep.")
    bytes = serializers.IntegerField(help_text="That one person may keep.")
    image_bytes = serializers.IntegerField(help_text="Of one image.")
    image_pixels = serializers.IntegerField(help_text="Of one image: width times height.")
    images_a_call = serializers.IntegerField(help_text="In one upload.")
    request_bytes = serializers.IntegerField(help_text="Of one call's body.")
    wait_seconds = serializers.IntegerField(help_text="The largest `wait`.")
    token_days = serializers.IntegerField(help_text="The longest life of a new token.")
    rates = RatesSerializer()


class MeSerializer(serializers.Serializer[Any]):
    """Who calls, and what they may."""

    id = serializers.UUIDField(help_text="Stays as it is.")
    username = serializers.CharField(help_text="With which you can log in.")
    email = serializers.CharField(help_text="Empty where there is none.")
    time_zone = serializers.CharField(help_text="In which your days begin.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), help_text="Of the token that is used."
    )
    usage = UsageSerializer()
    limits = LimitsSerializer()


class ModelVersionSerializer(serializers.Serializer[ModelVersion]):
    """A network that has answered here."""

    name = serializers.CharField(help_text="As in the results.")
    sha256 = serializers.CharField(help_text="Of its serving weights.")
    status = serializers.ChoiceField(ModelStatus.choices, help_text="Whether it answers now.")
    created_at = MomentField(help_text="When it first answered here.")
    manifest = serializers.DictField(
        help_text="What it was trained on, how it was measured, and how it is calibrated."
    )
