"""The caller's account and the networks that answer."""

from typing import Any

from rest_framework import serializers

from detector.api.serializers.fields import MomentField
from detector.enums import ModelStatus, Scope
from detector.models import ModelVersion


class UsageSerializer(serializers.Serializer[Any]):
    """Stored photos and videos, including those in the bin."""

    photos = serializers.IntegerField(help_text="Number of photos.")
    videos = serializers.IntegerField(help_text="Number of videos.")
    bytes = serializers.IntegerField(help_text="Size of all their files.")


class RateSerializer(serializers.Serializer[Any]):
    """A rate limit."""

    calls = serializers.IntegerField(help_text="Largest number of calls in `seconds`.")
    seconds = serializers.IntegerField(help_text="Length of the window.")


class RatesSerializer(serializers.Serializer[Any]):
    """Rate limits of a user, of one token, of uploads, and of `detect/`."""

    user = RateSerializer()
    token = RateSerializer()
    uploads = RateSerializer()
    detect = RateSerializer()


class LimitsSerializer(serializers.Serializer[Any]):
    """Limits of this installation."""

    photos = serializers.IntegerField(help_text="Photos that one user may store.")
    videos = serializers.IntegerField(help_text="Videos that one user may store.")
    bytes = serializers.IntegerField(help_text="Bytes that one user may store.")
    image_bytes = serializers.IntegerField(help_text="Bytes of one image.")
    image_pixels = serializers.IntegerField(help_text="Pixels of one image: width times height.")
    video_bytes = serializers.IntegerField(help_text="Bytes of one video.")
    video_seconds = serializers.IntegerField(help_text="Length of one video.")
    video_uploads = serializers.IntegerField(help_text="Uploads in parts that are unfinished.")
    images_a_call = serializers.IntegerField(help_text="Images in one upload.")
    request_bytes = serializers.IntegerField(help_text="Bytes of the body of one call.")
    wait_seconds = serializers.IntegerField(help_text="Largest value of `wait`.")
    token_days = serializers.IntegerField(help_text="Longest lifetime of a new token.")
    rates = RatesSerializer()


class MeSerializer(serializers.Serializer[Any]):
    """The caller's account and its limits."""

    id = serializers.UUIDField(help_text="Never changes.")
    username = serializers.CharField(help_text="Name for logging in.")
    email = serializers.CharField(help_text="E-mail address; empty if there is none.")
    time_zone = serializers.CharField(help_text="Time zone in which your days begin.")
    forget_pictures = serializers.BooleanField(
        help_text="Whether uploads keep results alone, unless they say otherwise."
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), help_text="Scopes of the token that is used."
    )
    usage = UsageSerializer()
    limits = LimitsSerializer()


class ModelVersionSerializer(serializers.Serializer[ModelVersion]):
    """A network that has given results here."""

    name = serializers.CharField(help_text="Name of the version, as in the results.")
    sha256 = serializers.CharField(help_text="SHA-256 of its serving weights.")
    status = serializers.ChoiceField(ModelStatus.choices, help_text="Whether it serves now.")
    created_at = MomentField(help_text="When it first gave a result here.")
    manifest = serializers.DictField(help_text="Its training data, evaluation and calibration.")
