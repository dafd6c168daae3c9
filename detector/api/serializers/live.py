"""Live sessions."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.api.serializers.fields import (
    BodySerializer,
    ChangeSerializer,
    MomentField,
    TextField,
    by_emotion,
)
from detector.enums import Emotion
from detector.live import sessions
from detector.live.series import CORRECTIONS, FACES, ROW, WHOLE
from detector.models import LiveSession
from detector.models.live_session import LIVE_SECONDS
from detector.photos import annotations

ROWS_SCHEMA = {
    "type": "array",
    "minItems": 1,
    "maxItems": LIVE_SECONDS,
    "description": "A row for each second; null where the face was not seen. A row has the "
    f"probabilities of {', '.join(Emotion.values)} in thousandths, which sum to {WHOLE}, then 1 if "
    "the face was uncertain, else 0.",
    "items": {
        "type": ["array", "null"],
        "items": {"type": "integer", "minimum": 0, "maximum": WHOLE},
        "minItems": ROW,
        "maxItems": ROW,
    },
}
FACES_SCHEMA = {
    "type": "array",
    "description": "The faces that were followed, each with its seconds.",
    "minItems": 1,
    "maxItems": FACES,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["first", "rows"],
        "properties": {
            "first": {
                "type": "integer",
                "minimum": 0,
                "maximum": LIVE_SECONDS - 1,
                "description": "The second of the first row, from 0.",
            },
            "rows": ROWS_SCHEMA,
        },
    },
}


@extend_schema_field(FACES_SCHEMA)
class FacesField(serializers.JSONField):
    """The series of all faces. `detector.live.series` checks it, much faster than fields would."""


class LiveCorrectionSerializer(BodySerializer):
    """Tells which expression a face showed in a span, as its owner says."""

    face = serializers.IntegerField(
        min_value=1, max_value=FACES, help_text="Number of the face, from 1."
    )
    first = serializers.IntegerField(
        min_value=0, max_value=LIVE_SECONDS - 1, help_text="First second of the span, from 0."
    )
    until = serializers.IntegerField(
        min_value=1, max_value=LIVE_SECONDS, help_text="The second after its last one."
    )
    emotion = serializers.ChoiceField(choices=Emotion.choices, help_text="What the face showed.")


class TotalsSerializer(serializers.Serializer[Any]):
    """Seconds of each expression, all faces together, with the corrections."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return one field for each emotion."""
        return by_emotion(
            lambda name: serializers.IntegerField(min_value=0, help_text=f"Seconds of {name}.")
        )


class LiveSessionSerializer(serializers.Serializer[LiveSession]):
    """A live session without its series."""

    id = serializers.UUIDField(help_text="Sorts by the time of keeping.")
    name = serializers.CharField(help_text="Your name for it.")
    note = serializers.CharField(help_text="Your note.")
    felt_emotion = serializers.SerializerMethodField(help_text="The emotion that you felt.")
    started_at = MomentField(help_text="When it started.")
    seconds = serializers.IntegerField(help_text="Its length, without pauses.")
    model = serializers.CharField(help_text="Name of the version that read it.")
    totals = TotalsSerializer()
    uncertain_seconds = serializers.IntegerField(
        help_text="Those of them that are uncertain and not corrected."
    )

    @extend_schema_field(serializers.ChoiceField(choices=Emotion.choices, allow_null=True))
    def get_felt_emotion(self, session: LiveSession) -> str | None:
        """Return the emotion that the owner felt."""
        return session.felt_emotion or None


class LiveSessionDetailSerializer(LiveSessionSerializer):
    """A live session with its series."""

    faces = FacesField()
    corrections = LiveCorrectionSerializer(many=True)


class LiveSessionWishSerializer(BodySerializer):
    """A live session to keep."""

    name = TextField(max_length=sessions.NAME_LENGTH, help_text="Your name for it.")
    started_at = MomentField(help_text="When it started, with its zone.")
    seconds = serializers.IntegerField(
        min_value=1, max_value=LIVE_SECONDS, help_text="Its length, without pauses."
    )
    model = serializers.RegexField(
        r"^[A-Za-z0-9_.-]{1,50}$", help_text="Name of the version that read it."
    )
    faces = FacesField()
    note = TextField(
        max_length=annotations.NOTE_LENGTH, default="", allow_blank=True, help_text="Your note."
    )
    felt_emotion = serializers.ChoiceField(
        choices=Emotion.choices, allow_null=True, default=None, help_text="What you felt."
    )


class LiveSessionChangeSerializer(ChangeSerializer):
    """Changes of a live session; fields that are left out stay as they are."""

    name = TextField(max_length=sessions.NAME_LENGTH, required=False, help_text="Your name for it.")
    note = TextField(
        max_length=annotations.NOTE_LENGTH, required=False, allow_blank=True, help_text="Your note."
    )
    felt_emotion = serializers.ChoiceField(
        choices=Emotion.choices, allow_null=True, required=False, help_text="What you felt."
    )
    corrections = serializers.ListField(
        child=LiveCorrectionSerializer(),
        required=False,
        max_length=CORRECTIONS,
        help_text="Replaces all corrections; of two that overlap the later one counts.",
    )
