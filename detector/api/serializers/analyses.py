"""Photos and their analyses."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.analyses import selectors as analysis_selectors
from detector.api.serializers.errors import ErrorSerializer, FailureSerializer
from detector.api.serializers.faces import FaceSerializer
from detector.api.serializers.fields import (
    BodySerializer,
    ChangeSerializer,
    MomentField,
    TextField,
)
from detector.enums import Emotion, Source, Status
from detector.models import Analysis, Photo
from detector.photos import annotations


class ImageSerializer(serializers.Serializer[Photo]):
    """The upright picture."""

    url = serializers.SerializerMethodField(help_text="URL of the picture.")
    width = serializers.IntegerField(help_text="In pixels.")
    height = serializers.IntegerField(help_text="In pixels.")
    sha256 = serializers.CharField(help_text="SHA-256 of the uploaded file.")
    frame = serializers.IntegerField(
        allow_null=True,
        help_text="Number of the frame or page in the file, from 0; null if there is only one.",
    )

    forgotten_at = MomentField(
        allow_null=True,
        help_text="When the picture was deleted after its analysis; null while it is there.",
    )

    def get_url(self, photo: Photo) -> str:
        """Return the URL of the picture."""
        analysis: Analysis = self.context["analysis"]
        path = reverse("api:v1:analysis-image", args=[analysis.pk])
        return str(self.context["request"].build_absolute_uri(path))


class ModelSerializer(serializers.Serializer[Any]):
    """The network that gave the result."""

    name = serializers.CharField(help_text="Name of the version.")
    sha256 = serializers.CharField(help_text="SHA-256 of its serving weights.")


class AnalysisSerializer(serializers.Serializer[Analysis]):
    """The analysis of a photo, with its results so far."""

    id = serializers.UUIDField(help_text="Sorts by time.")
    current = serializers.SerializerMethodField(
        help_text="Id of the analysis that counts for this photo; differs from `id` if the photo "
        "was analysed again."
    )
    status = serializers.ChoiceField(choices=Status.choices, help_text="State of the analysis.")
    created_at = MomentField(source="queued_at", help_text="When it was queued.")
    captured_at = MomentField(
        source="photo.captured_at",
        allow_null=True,
        help_text="When the camera took it; null if the file does not say.",
    )
    filename = serializers.CharField(
        source="photo.filename", help_text="Name of the uploaded file."
    )
    source = serializers.ChoiceField(  # type: ignore[assignment]  # the contract's name
        choices=Source.choices, source="photo.source", help_text="How the photo came."
    )
    image = serializers.SerializerMethodField()
    model = ModelSerializer(source="model_version", allow_null=True)
    faces = FaceSerializer(many=True)
    dominant_emotion = serializers.ChoiceField(
        choices=Emotion.choices, allow_null=True, help_text="Emotion of the largest face."
    )
    face_count = serializers.SerializerMethodField(help_text="Null until the analysis is done.")
    error = serializers.SerializerMethodField()
    timings_ms = serializers.DictField(
        child=serializers.FloatField(), help_text="Milliseconds of each stage."
    )
    note = serializers.CharField(source="photo.note", help_text="Your note.")
    tags = serializers.SerializerMethodField(help_text="Your tags of the photo.")
    felt_emotion = serializers.SerializerMethodField(help_text="The emotion that you felt.")
    withheld = serializers.SerializerMethodField(
        help_text="True if the token lacks `read`. Then only ids, `created_at`, `status` and, of "
        "an upload, `image` are given; all other fields are blank."
    )

    def get_current(self, analysis: Analysis) -> UUID:
        """Return the id of the analysis that counts: its own unless the photo was read again."""
        return analysis_selectors.current_id(analysis)

    @extend_schema_field(serializers.BooleanField())
    def get_withheld(self, analysis: Analysis) -> bool:
        """Return False; `receipt` sets it to True."""
        return False

    @extend_schema_field(ImageSerializer)
    def get_image(self, analysis: Analysis) -> Any:
        """Return the picture, with its URL below this analysis."""
        context = {**self.context, "analysis": analysis}
        return ImageSerializer(analysis.photo, context=context).data

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_face_count(self, analysis: Analysis) -> int | None:
        """Return the number of faces; None until the analysis is done, which is not 0 faces."""
        return len(analysis.faces.all()) if analysis.status == Status.DONE else None

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, analysis: Analysis) -> dict[str, str] | None:
        """Return code and message of a failure."""
        if not analysis.error_code:
            return None
        return {"code": analysis.error_code, "message": analysis.error_message}

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_tags(self, analysis: Analysis) -> list[str]:
        """Return the owner's tags."""
        return [tag.name for tag in analysis.photo.tags.all()]

    @extend_schema_field(serializers.ChoiceField(choices=Emotion.choices, allow_null=True))
    def get_felt_emotion(self, analysis: Analysis) -> str | None:
        """Return the emotion that the owner felt."""
        return analysis.photo.felt_emotion or None


BLANK: dict[str, Any] = {
    "captured_at": None, "filename": "", "source": Source.API.value, "model": None, "faces": [],
    "dominant_emotion": None, "face_count": None, "error": None, "timings_ms": {}, "note": "",
    "tags": [], "felt_emotion": None, "withheld": True,
}  # fmt: skip


def receipt(shown: Mapping[str, Any], *, is_upload: bool) -> dict[str, Any]:
    """Return the serialized analysis for a caller who may write but not read.

    Photo and analysis may be older than the call, so all their data is blank. The image of an
    upload is not: its sender knows it.
    """
    image = dict(shown["image"])
    if not is_upload:
        image |= {"width": 0, "height": 0, "sha256": ""}
    return {**shown, **BLANK, "image": image}


class AnnotationSerializer(ChangeSerializer):
    """Note, tags and felt emotion of a photo; fields that are left out stay as they are."""

    note = TextField(
        required=False,
        allow_blank=True,
        max_length=annotations.NOTE_LENGTH,
        help_text="Replaces the note.",
    )
    tags = serializers.ListField(
        child=TextField(max_length=annotations.TAG_LENGTH),
        required=False,
        max_length=annotations.TAGS_A_PHOTO,
        help_text="Replaces all tags; a tag keeps its first spelling.",
    )
    felt_emotion = serializers.ChoiceField(
        choices=Emotion.choices, required=False, allow_null=True, help_text="What you felt."
    )


class UploadSerializer(BodySerializer):
    """The files of one call."""

    images = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True, use_url=False),
        min_length=1,
        help_text="One or more files.",
    )


class WaitSerializer(serializers.Serializer[Any]):
    """Read how long the call waits for results."""

    MAX_SECONDS = 30

    wait = serializers.FloatField(
        min_value=0, max_value=MAX_SECONDS, default=0, help_text="Seconds to wait for the results."
    )


class UploadQuerySerializer(WaitSerializer):
    """Read how long the call waits, and whether pictures are forgotten."""

    forget = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="Whether to keep the results alone: each picture is deleted as soon as its "
        "analysis has ended. By default the setting of the account.",
    )


class IdempotencySerializer(serializers.Serializer[Any]):
    """The header `Idempotency-Key`, validated like a parameter."""

    key = serializers.RegexField(
        r"\A[\x21-\x7e]+\Z",
        max_length=255,
        required=False,
        error_messages={"invalid": "Only visible ASCII characters."},
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the field under the name of the header."""
        return {"Idempotency-Key": super().get_fields()["key"]}


class RejectionSerializer(serializers.Serializer[Any]):
    """A rejected file, and why."""

    filename = serializers.CharField(help_text="Name of the file.")
    error = ErrorSerializer()


class SubmissionSerializer(serializers.Serializer[Any]):
    """Accepted and rejected files of one call."""

    accepted = AnalysisSerializer(many=True)
    rejected = RejectionSerializer(many=True)


class WaitingSerializer(serializers.Serializer[Any]):
    """Something that is still being made; ask again after `Retry-After` seconds."""

    status = serializers.ChoiceField(choices=["waiting"], help_text="Ask again.")
