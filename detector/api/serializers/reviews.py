"""Faces to review, and verdicts on them."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.api.serializers.analyses import BoxSerializer
from detector.api.serializers.fields import TextField
from detector.enums import Emotion, ReviewKind, Verdict
from detector.models import Review, ReviewCase
from detector.models.review import COMMENT_LENGTH


class ReviewQuerySerializer(serializers.Serializer[Any]):
    """Which of the waiting faces; `emotion` is what the model said."""

    emotion = serializers.ChoiceField(choices=Emotion.choices, required=False)
    model = serializers.UUIDField(required=False)
    min_confidence = serializers.FloatField(min_value=0, max_value=1, required=False)
    max_confidence = serializers.FloatField(min_value=0, max_value=1, required=False)
    since = serializers.DateField(required=False, help_text="First day of the upload.")
    until = serializers.DateField(required=False, help_text="Last day of the upload.")
    batch = serializers.UUIDField(required=False, help_text="One upload.")


class ReviewCaseSerializer(serializers.Serializer[ReviewCase]):
    """A face that is yours to judge; neither its owner nor anyone's opinion is told."""

    id = serializers.UUIDField()
    claimed_until = serializers.DateTimeField(help_text="Until then nobody else gets it.")
    image = serializers.SerializerMethodField()
    width = serializers.IntegerField(source="face.analysis.photo.width")
    height = serializers.IntegerField(source="face.analysis.photo.height")
    box = BoxSerializer(source="face")

    @extend_schema_field(serializers.URLField())
    def get_image(self, case: ReviewCase) -> str:
        """The photo, for as long as the face is yours."""
        path = reverse("api:v1:review-queue-image", args=[case.pk])
        return str(self.context["request"].build_absolute_uri(path))


class ReviewQueueSerializer(serializers.Serializer[Any]):
    """The next face, and how many wait with it."""

    left = serializers.IntegerField()
    case = ReviewCaseSerializer(allow_null=True)


class ReviewSerializer(serializers.Serializer[Review]):
    """A verdict of yours."""

    id = serializers.UUIDField()
    case = serializers.UUIDField(source="face.review_case.id", default=None, allow_null=True)
    kind = serializers.ChoiceField(choices=ReviewKind.choices)
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    comment = serializers.CharField()
    seconds = serializers.FloatField(allow_null=True)
    created_at = serializers.DateTimeField()


class NewReviewSerializer(serializers.Serializer[Any]):
    """What you make of a face that is yours to judge."""

    case = serializers.UUIDField()
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    comment = TextField(max_length=COMMENT_LENGTH, default="", allow_blank=True)
    seconds = serializers.FloatField(
        min_value=0, max_value=86400, required=False, allow_null=True, help_text="You took so long."
    )
