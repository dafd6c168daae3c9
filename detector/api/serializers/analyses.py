"""Photos and what was found in them."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.api.serializers.errors import ErrorSerializer
from detector.api.serializers.fields import TextField
from detector.enums import Emotion, QualityFlag, Source, Status, Verdict
from detector.models import Analysis, Face, Photo
from detector.services import annotation


class BoxSerializer(serializers.Serializer[Face]):
    """A bounding box in pixels of the upright image."""

    x = serializers.FloatField()
    y = serializers.FloatField()
    width = serializers.FloatField()
    height = serializers.FloatField()


class ProbabilitiesSerializer(serializers.Serializer[Any]):
    """Seven calibrated probabilities that sum to 1."""

    angry = serializers.FloatField(min_value=0, max_value=1)
    disgust = serializers.FloatField(min_value=0, max_value=1)
    fear = serializers.FloatField(min_value=0, max_value=1)
    happy = serializers.FloatField(min_value=0, max_value=1)
    sad = serializers.FloatField(min_value=0, max_value=1)
    surprise = serializers.FloatField(min_value=0, max_value=1)
    neutral = serializers.FloatField(min_value=0, max_value=1)


class QualitySerializer(serializers.Serializer[Any]):
    """Measurements of a face, and which of them make its emotion hard to read."""

    face_size = serializers.FloatField(required=False, help_text="Pixels of the photo.")
    sharpness = serializers.FloatField(required=False)
    brightness = serializers.FloatField(required=False, help_text="0 black to 255 white.")
    contrast = serializers.FloatField(required=False)
    roll = serializers.FloatField(required=False, help_text="Degrees, clockwise.")
    turn = serializers.FloatField(required=False, help_text="0 seen from ahead.")
    flags = serializers.ListField(
        child=serializers.ChoiceField(QualityFlag.choices), required=False
    )


class FaceSerializer(serializers.Serializer[Face]):
    """One face with its expression."""

    index = serializers.IntegerField()
    box = BoxSerializer(source="*")
    landmarks = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="Right eye, left eye, nose, right and left corner of the mouth, as [x, y].",
    )
    detection_score = serializers.FloatField()
    quality = QualitySerializer()
    emotion = serializers.ChoiceField(choices=Emotion.choices)
    confidence = serializers.FloatField()
    uncertain = serializers.BooleanField()
    probabilities = ProbabilitiesSerializer()
    reviewed_emotion = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(choices=Verdict.choices, allow_null=True))
    def get_reviewed_emotion(self, face: Face) -> str | None:
        """What the owner, or else reviewers, made of it; it counts instead of `emotion`."""
        return face.reviewed_emotion or None


class ImageSerializer(serializers.Serializer[Photo]):
    """The upright picture."""

    url = serializers.SerializerMethodField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Of the file as it was uploaded.")

    def get_url(self, photo: Photo) -> str:
        """Where the owner can load it."""
        analysis: Analysis = self.context["analysis"]
        path = reverse("api:v1:analysis-image", args=[analysis.pk])
        return str(self.context["request"].build_absolute_uri(path))


class ModelSerializer(serializers.Serializer[Any]):
    """The network that gave the answer."""

    name = serializers.CharField()
    sha256 = serializers.CharField()


class AnalysisSerializer(serializers.Serializer[Analysis]):
    """A photo's analysis, with all that is known of it so far."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Status.choices)
    created_at = serializers.DateTimeField(source="queued_at")
    captured_at = serializers.DateTimeField(source="photo.captured_at", allow_null=True)
    filename = serializers.CharField(source="photo.filename", help_text="As it was uploaded.")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # the contract's name
        choices=Source.choices, source="photo.source"
    )
    image = serializers.SerializerMethodField()
    model = ModelSerializer(source="model_version", allow_null=True)
    faces = FaceSerializer(many=True)
    dominant_emotion = serializers.ChoiceField(choices=Emotion.choices, allow_null=True)
    face_count = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    timings_ms = serializers.DictField(child=serializers.FloatField())
    note = serializers.CharField(source="photo.note")
    tags = serializers.SerializerMethodField()
    felt_emotion = serializers.SerializerMethodField()

    @extend_schema_field(ImageSerializer)
    def get_image(self, analysis: Analysis) -> Any:
        """The picture, under this analysis' address."""
        context = {**self.context, "analysis": analysis}
        return ImageSerializer(analysis.photo, context=context).data

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_face_count(self, analysis: Analysis) -> int | None:
        """None until the photo was looked at: not looked at is not the same as no face."""
        return len(analysis.faces.all()) if analysis.status == Status.DONE else None

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, analysis: Analysis) -> dict[str, str] | None:
        """Why it failed."""
        if not analysis.error_code:
            return None
        return {"code": analysis.error_code, "message": analysis.error_message}

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_tags(self, analysis: Analysis) -> list[str]:
        """The owner's words for the photo."""
        return [tag.name for tag in analysis.photo.tags.all()]

    @extend_schema_field(serializers.ChoiceField(choices=Emotion.choices, allow_null=True))
    def get_felt_emotion(self, analysis: Analysis) -> str | None:
        """What the owner says to have felt."""
        return analysis.photo.felt_emotion or None


class AnnotationSerializer(serializers.Serializer[Any]):
    """What an owner writes on a photo; what is left out stays as it is."""

    note = TextField(required=False, allow_blank=True, max_length=annotation.NOTE_LENGTH)
    tags = serializers.ListField(
        child=TextField(max_length=annotation.TAG_LENGTH),
        required=False,
        max_length=annotation.TAGS_A_PHOTO,
        help_text="Replaces all tags; a tag is spelled as you spelled it first.",
    )
    felt_emotion = serializers.ChoiceField(
        choices=Emotion.choices, required=False, allow_null=True, help_text="What you felt."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A call that changes nothing is a mistake."""
        if not attrs:
            raise serializers.ValidationError(f"Give one of: {', '.join(self.fields)}.")
        return attrs


class UploadSerializer(serializers.Serializer[Any]):
    """The files of one call."""

    images = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True, use_url=False), min_length=1
    )


class WaitSerializer(serializers.Serializer[Any]):
    """How long the caller is ready to wait."""

    MAX_SECONDS = 30

    wait = serializers.FloatField(
        min_value=0, max_value=MAX_SECONDS, default=0, help_text="Seconds to wait for the results."
    )


class IdempotencySerializer(serializers.Serializer[Any]):
    """A header, checked like any other value."""

    key = serializers.RegexField(
        r"\A[\x21-\x7e]+\Z",
        max_length=255,
        required=False,
        error_messages={"invalid": "Only visible ASCII characters."},
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Named as the header is."""
        return {"Idempotency-Key": super().get_fields()["key"]}


class RejectionSerializer(serializers.Serializer[Any]):
    """A file that was not taken, and why."""

    filename = serializers.CharField()
    error = ErrorSerializer()


class SubmissionSerializer(serializers.Serializer[Any]):
    """What became of the files of one call."""

    accepted = AnalysisSerializer(many=True)
    rejected = RejectionSerializer(many=True)


class WaitingSerializer(serializers.Serializer[Any]):
    """Something that is still being made; ask again after `Retry-After` seconds."""

    status = serializers.ChoiceField(choices=["waiting"])
