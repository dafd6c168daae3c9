"""Faces: where they are, and what they show."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.api.serializers.fields import by_emotion
from detector.enums import Emotion, QualityFlag, Verdict
from detector.models import Face


class BoxSerializer(serializers.Serializer[Face]):
    """A bounding box in pixels of the upright image."""

    x = serializers.FloatField(help_text="Left edge.")
    y = serializers.FloatField(help_text="Upper edge.")
    width = serializers.FloatField(help_text="To the right.")
    height = serializers.FloatField(help_text="Downwards.")


class ProbabilitiesSerializer(serializers.Serializer[Any]):
    """Seven calibrated probabilities that sum to 1."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return one field for each emotion."""
        return by_emotion(
            lambda name: serializers.FloatField(
                min_value=0, max_value=1, help_text=f"Probability of {name}."
            )
        )


class QualitySerializer(serializers.Serializer[Any]):
    """Measurements of a face, and which of them make its emotion hard to read."""

    face_size = serializers.FloatField(required=False, help_text="In pixels of the photo.")
    sharpness = serializers.FloatField(required=False, help_text="Higher is sharper.")
    brightness = serializers.FloatField(required=False, help_text="0 is black, 255 is white.")
    contrast = serializers.FloatField(required=False, help_text="Spread of the brightness.")
    roll = serializers.FloatField(required=False, help_text="Degrees, clockwise.")
    turn = serializers.FloatField(required=False, help_text="0 is a frontal view.")
    outside = serializers.FloatField(
        required=False, help_text="Share of the face that lies outside the picture."
    )
    flags = serializers.ListField(
        child=serializers.ChoiceField(QualityFlag.choices),
        required=False,
        help_text="Reasons why it is hard to read. `small`, `blurred` and `turned` faces are read "
        "less well. `covered` (eyes or mouth), `cut` (by the edge of the picture), `tilted` (on "
        "its side, not seen upright) and `doubtful` (perhaps no face) are always uncertain.",
    )


class FaceSerializer(serializers.Serializer[Face]):
    """One face with its expression."""

    index = serializers.IntegerField(help_text="From 0, as in the URLs of its pictures.")
    box = BoxSerializer(source="*")
    landmarks = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="Right eye, left eye, nose, right and left corner of the mouth, as [x, y].",
    )
    detection_score = serializers.FloatField(help_text="Score of the detector, 0 to 1.")
    quality = QualitySerializer()
    emotion = serializers.ChoiceField(
        choices=Emotion.choices, help_text="The most probable expression."
    )
    confidence = serializers.FloatField(help_text="Calibrated probability of `emotion`.")
    uncertain = serializers.BooleanField(help_text="Whether `emotion` is uncertain.")
    probabilities = ProbabilitiesSerializer()
    reviewed_emotion = serializers.SerializerMethodField(
        help_text="Verdict of the owner or the reviewers; null without one."
    )

    @extend_schema_field(serializers.ChoiceField(choices=Verdict.choices, allow_null=True))
    def get_reviewed_emotion(self, face: Face) -> str | None:
        """Return the verdict of the owner, else of the reviewers; it replaces `emotion`."""
        return face.reviewed_emotion or None
