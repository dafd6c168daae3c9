"""Faces to review, and verdicts on them."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.api.serializers.faces import BoxSerializer
from detector.api.serializers.fields import BodySerializer, MomentField, TextField
from detector.enums import Emotion, ReviewKind, Verdict
from detector.models import Review, ReviewCase
from detector.models.review import COMMENT_LENGTH


class ReviewQuerySerializer(serializers.Serializer[Any]):
    """Filters of the faces that wait."""

    emotion = serializers.ChoiceField(
        choices=Emotion.choices, required=False, help_text="Emotion that the model predicted."
    )
    model = serializers.UUIDField(
        required=False, help_text="Id of the version that read the photo."
    )
    min_confidence = serializers.FloatField(
        min_value=0, max_value=1, required=False, help_text="Lowest confidence of the model."
    )
    max_confidence = serializers.FloatField(
        min_value=0, max_value=1, required=False, help_text="Highest confidence of the model."
    )
    since = serializers.DateField(required=False, help_text="First day of the upload.")
    until = serializers.DateField(required=False, help_text="Last day of the upload.")
    batch = serializers.UUIDField(required=False, help_text="Id of one upload.")


class ReviewCaseSerializer(serializers.Serializer[ReviewCase]):
    """A face that you have claimed. Its owner and the opinions of others are not shown."""

    id = serializers.UUIDField(help_text="Send it as `case` with the verdict.")
    claimed_until = MomentField(help_text="End of your claim: until then nobody else gets it.")
    image = serializers.SerializerMethodField(
        help_text="URL of the photo, while you hold the claim."
    )
    width = serializers.IntegerField(
        source="face.analysis.photo.width", help_text="Width of the photo."
    )
    height = serializers.IntegerField(
        source="face.analysis.photo.height", help_text="Height of the photo."
    )
    box = BoxSerializer(source="face")

    @extend_schema_field(serializers.URLField())
    def get_image(self, case: ReviewCase) -> str:
        """Return the URL of the photo, which is valid while the caller holds the claim."""
        path = reverse("api:v1:review-queue-image", args=[case.pk])
        return str(self.context["request"].build_absolute_uri(path))


class ReviewQueueSerializer(serializers.Serializer[Any]):
    """The next face, and how many wait."""

    left = serializers.IntegerField(help_text="Faces that wait, this one included.")
    case = ReviewCaseSerializer(allow_null=True, help_text="Null when none is left for you.")


class ReviewSerializer(serializers.Serializer[Review]):
    """A verdict of yours."""

    id = serializers.UUIDField(help_text="Id of the verdict.")
    case = serializers.UUIDField(
        source="face.review_case.id",
        default=None,
        allow_null=True,
        help_text="Id of the case that was judged; null once its owner withdrew it.",
    )
    kind = serializers.ChoiceField(
        choices=ReviewKind.choices, help_text="Your role when you judged."
    )
    verdict = serializers.ChoiceField(choices=Verdict.choices, help_text="What you see in it.")
    comment = serializers.CharField(help_text="Your comment.")
    seconds = serializers.FloatField(
        allow_null=True, help_text="Time that you took; null if unknown."
    )
    created_at = MomentField(help_text="When you judged.")


class NewReviewSerializer(BodySerializer):
    """Your verdict on a face that you have claimed."""

    case = serializers.UUIDField(help_text="Id of the case from `reviews/queue/`.")
    verdict = serializers.ChoiceField(choices=Verdict.choices, help_text="What you see in it.")
    comment = TextField(
        max_length=COMMENT_LENGTH, default="", allow_blank=True, help_text="Your comment, if any."
    )
    seconds = serializers.FloatField(
        min_value=0, max_value=86400, required=False, allow_null=True, help_text="Time you took."
    )
