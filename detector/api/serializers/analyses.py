"""Photos and what was found in them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.analyses import selectors as analysis_selectors
from detector.api.serializers.errors import ErrorSerializer, FailureSerializer
from detector.api.serializers.fields import (
    BodySerializer,
    ChangeSerializer,
    MomentField,
    TextField,
    by_emotion,
)
from detector.enums import Emotion, QualityFlag, Source, Status, Verdict
from detector.models import Analysis, Face, Photo
from detector.photos import annotations


class BoxSerializer(serializers.Serializer[Face]):
    """A bounding box in pixels of the upright image."""

    x = serializers.FloatField(help_text="Left edge.")
    y = serializers.FloatField(help_text="Upper edge.")
    width = serializers.FloatField(help_text="To the right.")
    height = serializers.FloatField(help_text="Downwards.")


class ProbabilitiesSerializer(serializers.Serializer[Any]):
    """Seven calibrated probabilities that sum to 1."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """One an emotion."""
        return by_emotion(
            lambda name: serializers.FloatField(
                min_value=0, max_value=1, help_text=f"That it shows {name}."
            )
        )


class QualitySerializer(serializers.Serializer[Any]):
    """Measurements of a face, and which of them make its emotion hard to read."""

    face_size = serializers.FloatField(required=False, help_text="Pixels of the photo.")
    sharpness = serializers.FloatField(required=False, help_text="Higher is sharper.")
    brightness = serializers.FloatField(required=False, help_text="0 black to 255 white.")
    contrast = serializers.FloatField(required=False, help_text="Spread of the brightness.")
    roll = serializers.FloatField(required=False, help_text="Degrees, clockwise.")
    turn = serializers.FloatField(required=False, help_text="0 seen from ahead.")
    outside = serializers.FloatField(
        required=False, help_text="Share of the face that lies beyond the picture."
    )
    flags = serializers.ListField(
        child=serializers.ChoiceField(QualityFlag.choices),
        required=False,
        help_text="What makes it hard to read. `small`, `blurred` and `turned` faces are read "
        "worse; with `covered` (eyes or mouth), `cut` (by the edge of the picture), `tilted` (on "
        "its side, not seen upright) or `doubtful` (perhaps no face) it is always uncertain.",
    )


class FaceSerializer(serializers.Serializer[Face]):
    """One face with its expression."""

    index = serializers.IntegerField(help_text="From 0, as in the addresses of its pictures.")
    box = BoxSerializer(source="*")
    landmarks = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="Right eye, left eye, nose, right and left corner of the mouth, as [x, y].",
    )
    detection_score = serializers.FloatField(help_text="How sure it is a face, 0 to 1.")
    quality = QualitySerializer()
    emotion = serializers.ChoiceField(
        choices=Emotion.choices, help_text="The most probable expression."
    )
    confidence = serializers.FloatField(help_text="Its calibrated probability.")
    uncertain = serializers.BooleanField(help_text="Whether the network does not stand by it.")
    probabilities = ProbabilitiesSerializer()
    reviewed_emotion = serializers.SerializerMethodField(help_text="What reviewers made of it.")

    @extend_schema_field(serializers.ChoiceField(choices=Verdict.choices, allow_null=True))
    def get_reviewed_emotion(self, face: Face) -> str | None:
        """What the owner, or else reviewers, made of it; it counts instead of `emotion`."""
        return face.reviewed_emotion or None


class ImageSerializer(serializers.Serializer[Photo]):
    """The upright picture."""

    url = serializers.SerializerMethodField(help_text="Where you can load it.")
    width = serializers.IntegerField(help_text="Pixels.")
    height = serializers.IntegerField(help_text="Pixels.")
    sha256 = serializers.CharField(help_text="Of the file as it was uploaded.")
    frame = serializers.IntegerField(
        allow_null=True,
        help_text="Which frame or page of the file it is, from 0; null where there is but one.",
    )

    def get_url(self, photo: Photo) -> str:
        """Where the owner can load it."""
        analysis: Analysis = self.context["analysis"]
        path = reverse("api:v1:analysis-image", args=[analysis.pk])
        return str(self.context["request"].build_absolute_uri(path))


class ModelSerializer(serializers.Serializer[Any]):
    """The network that gave the answer."""

    name = serializers.CharField(help_text="Its version.")
    sha256 = serializers.CharField(help_text="Of its serving weights.")


class AnalysisSerializer(serializers.Serializer[Analysis]):
    """A photo's analysis, with all that is known of it so far."""

    id = serializers.UUIDField(help_text="Sorts by time.")
    current = serializers.SerializerMethodField(
        help_text="Id of the analysis of this photo that counts; another where it was renewed."
    )
    status = serializers.ChoiceField(choices=Status.choices, help_text="Where it stands.")
    created_at = MomentField(source="queued_at", help_text="When it was asked for.")
    captured_at = MomentField(
        source="photo.captured_at",
        allow_null=True,
        help_text="When the camera took it, if it says so.",
    )
    filename = serializers.CharField(source="photo.filename", help_text="As it was uploaded.")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # the contract's name
        choices=Source.choices, source="photo.source", help_text="How the photo came."
    )
    image = serializers.SerializerMethodField()
    model = ModelSerializer(source="model_version", allow_null=True)
    faces = FaceSerializer(many=True)
    dominant_emotion = serializers.ChoiceField(
        choices=Emotion.choices, allow_null=True, help_text="Of the largest face."
    )
    face_count = serializers.SerializerMethodField(help_text="None until the photo was looked at.")
    error = serializers.SerializerMethodField()
    timings_ms = serializers.DictField(
        child=serializers.FloatField(), help_text="Milliseconds of each stage."
    )
    note = serializers.CharField(source="photo.note", help_text="What you wrote.")
    tags = serializers.SerializerMethodField(help_text="Your words for the photo.")
    felt_emotion = serializers.SerializerMethodField(help_text="What you said to have felt.")
    withheld = serializers.SerializerMethodField(
        help_text="Whether the token may not `read`. Then the times and ids, the status, and of an "
        "upload the image, are told; everything else is blank, whatever it is."
    )

    def get_current(self, analysis: Analysis) -> UUID:
        """Its own, unless the photo was analysed again or is waiting for that."""
        return analysis_selectors.current_id(analysis)

    @extend_schema_field(serializers.BooleanField())
    def get_withheld(self, analysis: Analysis) -> bool:
        """Never here: see `receipt`."""
        return False

    @extend_schema_field(ImageSerializer)
    def get_image(self, analysis: Analysis) -> Any:
        """The picture, under this analysis' address."""
        context = {**self.context, "analysis": analysis}
        return ImageSerializer(analysis.photo, context=context).data

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_face_count(self, analysis: Analysis) -> int | None:
        """None until the photo was looked at: not looked at is not the same as no face."""
        return len(analysis.faces.all()) if analysis.status == Status.DONE else None

    @extend_schema_field(FailureSerializer(allow_null=True))
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


BLANK: dict[str, Any] = {
    "captured_at": None, "filename": "", "source": Source.API.value, "model": None, "faces": [],
    "dominant_emotion": None, "face_count": None, "error": None, "timings_ms": {}, "note": "",
    "tags": [], "felt_emotion": None, "withheld": True,
}  # fmt: skip


def receipt(shown: Mapping[str, Any], *, is_upload: bool) -> dict[str, Any]:
    """An analysis, as it is shown, for who may change but not read.

    Photo and analysis may be older than the call. What says more than that it was taken is blank;
    of an upload the image is known to its sender.
    """
    image = dict(shown["image"])
    if not is_upload:
        image |= {"width": 0, "height": 0, "sha256": ""}
    return {**shown, **BLANK, "image": image}


class AnnotationSerializer(ChangeSerializer):
    """What an owner writes on a photo; what is left out stays as it is."""

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
        help_text="Replaces all tags; a tag is spelled as you spelled it first.",
    )
    felt_emotion = serializers.ChoiceField(
        choices=Emotion.choices, required=False, allow_null=True, help_text="What you felt."
    )


class UploadSerializer(BodySerializer):
    """The files of one call."""

    images = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True, use_url=False),
        min_length=1,
        help_text="One file or more.",
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

    filename = serializers.CharField(help_text="As you called it.")
    error = ErrorSerializer()


class SubmissionSerializer(serializers.Serializer[Any]):
    """What became of the files of one call."""

    accepted = AnalysisSerializer(many=True)
    rejected = RejectionSerializer(many=True)


class WaitingSerializer(serializers.Serializer[Any]):
    """Something that is still being made; ask again after `Retry-After` seconds."""

    status = serializers.ChoiceField(choices=["waiting"], help_text="Ask again.")
