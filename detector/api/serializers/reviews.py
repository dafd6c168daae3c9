"""Faces to review, and verdicts on them."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.api.serializers.analyses import BoxSerializer
from detector.api.serializers.fields import BodySerializer, MomentField, TextField
from detector.enums import Emotion, ReviewKind, Verdict
from detector.models import Review, ReviewCase
from detector.models.review import COMMENT_LENGTH


class ReviewQuerySerializer(serializers.Serializer[Any]):
    """Which of the waiting faces; `emotion` is what the model said."""

    emotion = serializers.ChoiceField(
        choices=Emotion.choices, required=False, help_text="What the model said."
    )
    model = serializers.UUIDField(required=False, help_text="The version that read the photo.")
    min_confidence = serializers.FloatField(
        min_value=0, max_value=1, required=False, help_text="The model's, at least."
    )
    max_confidence = serializers.FloatField(
        min_value=0, max_value=1, required=False, help_text="The model's, at most."
    )
    since = serializers.DateField(required=False, help_text="First day of the upload.")
    until = serializers.DateField(required=False, help_text="Last day of the upload.")
    batch = serializers.UUIDField(required=False, help_text="One upload.")


class ReviewCaseSerializer(serializers.Serializer[ReviewCase]):
    """A face that is yours to judge; neither its owner nor anyone's opinion is told."""

    id = serializers.UUIDField(help_text="To be named in the verdict.")
    claimed_until = MomentField(help_text="Until then nobody else gets it.")
    image = serializers.SerializerMethodField(help_text="The photo, while the face is yours.")
    width = serializers.IntegerField(source="face.analysis.photo.width", help_text="Of the photo.")
    height = serializers.IntegerField(
        source="face.analysis.photo.height", help_text="Of the photo."
    )
    box = BoxSerializer(source="face")

    @extend_schema_field(serializers.URLField())
    def get_image(self, case: ReviewCase) -> str:
        """The photo, for as long as the face is yours."""
        path = reverse("api:v1:review-queue-image", args=[case.pk])
        return str(self.context["request"].build_absolute_uri(path))


class ReviewQueueSerializer(serializers.Serializer[Any]):
    """The next face, and how many wait with it."""

    left = serializers.IntegerField(help_text="Faces that wait, this one included.")
    case = ReviewCaseSerializer(allow_null=True, help_text="Null when none is left for you.")


class ReviewSerializer(serializers.Serializer[Review]):
    """A verdict of yours."""

    id = serializers.UUIDField(help_text="Of the verdict.")
    case = serializers.UUIDField(
        source="face.review_case.id",
        default=None,
        allow_null=True,
        help_text="What was judged; null once its owner took it back.",
    )
    kind = serializers.ChoiceField(choices=ReviewKind.choices, help_text="As whom you judged.")
    verdict = serializers.ChoiceField(choices=Verdict.choices, help_text="What you see in it.")
    comment = serializers.CharField(help_text="Your words on it.")
    seconds = serializers.FloatField(allow_null=True, help_text="You took so long, if it is known.")
    created_at = MomentField(help_text="When you judged.")


class NewReviewSerializer(BodySerializer):
    """What you make of a face that is yours to judge."""

    case = serializers.UUIDField(help_text="As `reviews/queue/` gave it.")
    verdict = serializers.ChoiceField(choices=Verdict.choices, help_text="What you see in it.")
    comment = TextField(
        max_length=COMMENT_LENGTH, default="", allow_blank=True, help_text="Words on it, if any."
    )
    seconds = serializers.FloatField(
        min_value=0, max_value=86400, required=False, allow_null=True, help_text="You took so long."
    )
