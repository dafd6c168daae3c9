"""Statistics of a history."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector import selectors


class PeriodSerializer(serializers.Serializer[Any]):
    """Days in the caller's time zone, both included."""

    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Named `from` and `to` outside, where no keyword stands in the way."""
        fields = super().get_fields()
        return {"from": fields["since"], "to": fields["until"]}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The period must not end before it begins."""
        since, until = attrs.get("from"), attrs.get("to")
        if since and until and since > until:
            raise serializers.ValidationError({"to": ["Must not lie before `from`."]})
        return attrs


class EmotionShareSerializer(serializers.Serializer[selectors.EmotionShare]):
    """One emotion among the faces of a period."""

    faces = serializers.IntegerField()
    share = serializers.FloatField(min_value=0, max_value=1)
    mean_confidence = serializers.FloatField(allow_null=True)


class EmotionSharesSerializer(serializers.Serializer[Any]):
    """All seven."""

    angry = EmotionShareSerializer()
    disgust = EmotionShareSerializer()
    fear = EmotionShareSerializer()
    happy = EmotionShareSerializer()
    sad = EmotionShareSerializer()
    surprise = EmotionShareSerializer()
    neutral = EmotionShareSerializer()


class SummarySerializer(serializers.Serializer[selectors.Summary]):
    """Totals of a period and the distribution of expressions in it."""

    photos = serializers.IntegerField()
    faces = serializers.IntegerField()
    uncertain = serializers.IntegerField(help_text="Faces whose expression is not certain.")
    waiting = serializers.IntegerField()
    failed = serializers.IntegerField()
    without_face = serializers.IntegerField()
    first_day = serializers.DateField(allow_null=True)
    last_day = serializers.DateField(allow_null=True)
    emotions = serializers.SerializerMethodField()

    @extend_schema_field(EmotionSharesSerializer)
    def get_emotions(self, summary: selectors.Summary) -> dict[str, Any]:
        """Keyed by emotion."""
        return {row.emotion.value: EmotionShareSerializer(row).data for row in summary.emotions}


class TimelineQuerySerializer(PeriodSerializer):
    """Which days, and how they are gathered."""

    BUCKETS = ("day", "week", "month")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The period's, and the bucket."""
        return {
            **super().get_fields(),
            "bucket": serializers.ChoiceField(self.BUCKETS, default="day"),
        }


class FaceCountsSerializer(serializers.Serializer[Any]):
    """How many faces showed each expression."""

    angry = serializers.IntegerField()
    disgust = serializers.IntegerField()
    fear = serializers.IntegerField()
    happy = serializers.IntegerField()
    sad = serializers.IntegerField()
    surprise = serializers.IntegerField()
    neutral = serializers.IntegerField()


class TimelinePointSerializer(serializers.Serializer[selectors.TimelinePoint]):
    """The faces of one day, week or month."""

    start = serializers.DateField(help_text="Its first day.")
    faces = FaceCountsSerializer()


class TimelineSerializer(serializers.Serializer[Any]):
    """Expressions over time."""

    bucket = serializers.ChoiceField(choices=TimelineQuerySerializer.BUCKETS)
    points = TimelinePointSerializer(many=True)
