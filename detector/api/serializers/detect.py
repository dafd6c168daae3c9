"""The answer about a photo that is not stored."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.api.serializers.analyses import ModelSerializer, UploadSerializer
from detector.api.serializers.faces import FaceSerializer
from detector.enums import Emotion


class DetectedImageSerializer(serializers.Serializer[Any]):
    """The image that was sent."""

    width = serializers.IntegerField(help_text="Of the upright image, in pixels.")
    height = serializers.IntegerField(help_text="Of the upright image, in pixels.")
    sha256 = serializers.CharField(help_text="SHA-256 of the file.")


class DetectionSerializer(serializers.Serializer[Any]):
    """The faces of an image that was not stored."""

    image = DetectedImageSerializer(source="*")
    model = ModelSerializer()
    faces = FaceSerializer(many=True)
    dominant_emotion = serializers.ChoiceField(
        choices=Emotion.choices, allow_null=True, help_text="Emotion of the largest face."
    )
    face_count = serializers.SerializerMethodField(help_text="Number of faces.")
    timings_ms = serializers.DictField(
        child=serializers.FloatField(), help_text="Milliseconds of each stage."
    )
    stored = serializers.SerializerMethodField(help_text="Always false.")

    @extend_schema_field(serializers.IntegerField())
    def get_face_count(self, found: Any) -> int:
        """Return the number of faces."""
        return len(found.faces)

    @extend_schema_field(serializers.BooleanField())
    def get_stored(self, found: Any) -> bool:
        """Return False: neither the image nor this answer is stored."""
        return False


class OneImageSerializer(UploadSerializer):
    """The file of one call."""

    images = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True, use_url=False),
        min_length=1,
        help_text="One file.",
    )
