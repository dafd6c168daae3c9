"""Statistics of a history."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector import totals, trends
from detector.enums import Emotion


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


class EmotionShareSerializer(serializers.Serializer[totals.EmotionShare]):
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


class SummarySerializer(serializers.Serializer[totals.Summary]):
    """Totals of a period and the distribution of expressions in it."""

    photos = serializers.IntegerField()
    faces = serializers.IntegerField()
    uncertain = serializers.IntegerField(help_text="Faces whose expression is not certain.")
    corrected = serializers.IntegerField(
        help_text="Faces that count as people named them, against the model."
    )
    waiting = serializers.IntegerField()
    failed = serializers.IntegerField()
    without_face = serializers.IntegerField()
    first_day = serializers.DateField(allow_null=True)
    last_day = serializers.DateField(allow_null=True)
    emotions = serializers.SerializerMethodField()

    @extend_schema_field(EmotionSharesSerializer)
    def get_emotions(self, summary: totals.Summary) -> dict[str, Any]:
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


class TimelinePointSerializer(serializers.Serializer[totals.TimelinePoint]):
    """The faces of one day, week or month."""

    start = serializers.DateField(help_text="Its first day.")
    faces = FaceCountsSerializer()


class TimelineSerializer(serializers.Serializer[Any]):
    """Expressions over time."""

    bucket = serializers.ChoiceField(choices=TimelineQuerySerializer.BUCKETS)
    points = TimelinePointSerializer(many=True)


class YearSerializer(serializers.Serializer[Any]):
    """Which year."""

    year = serializers.IntegerField(min_value=1900, max_value=9998)


class CalendarDaySerializer(serializers.Serializer[trends.CalendarDay]):
    """A day with faces."""

    day = serializers.DateField()
    faces = serializers.IntegerField()
    dominant_emotion = serializers.ChoiceField(
        choices=Emotion.choices, source="dominant", help_text="The most frequent expression."
    )
    dominant_faces = serializers.IntegerField()


class CalendarSerializer(serializers.Serializer[Any]):
    """The days of a year; those without a face are left out."""

    year = serializers.IntegerField()
    days = CalendarDaySerializer(many=True)


class PeriodsSerializer(serializers.Serializer[Any]):
    """Two periods in the caller's time zone, first and last days included."""

    first_from = serializers.DateField()
    first_to = serializers.DateField()
    second_from = serializers.DateField()
    second_to = serializers.DateField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """No period ends before it begins."""
        for name in ("first", "second"):
            if attrs[f"{name}_from"] > attrs[f"{name}_to"]:
                raise serializers.ValidationError({f"{name}_to": ["Must not lie before its from."]})
        return attrs


class ComparedPeriodSerializer(serializers.Serializer[trends.Period]):
    """The faces of one period."""

    since = serializers.DateField()
    until = serializers.DateField()
    faces = serializers.IntegerField()
    emotions = serializers.SerializerMethodField()
    models = serializers.SerializerMethodField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Its days are named as everywhere."""
        fields = super().get_fields()
        days = {"from": fields.pop("since"), "to": fields.pop("until")}
        for field, source in zip(days.values(), ("since", "until"), strict=True):
            field.source = source
        return {**days, **fields}

    @extend_schema_field(EmotionSharesSerializer)
    def get_emotions(self, period: trends.Period) -> dict[str, Any]:
        """Keyed by emotion."""
        return {row.emotion.value: EmotionShareSerializer(row).data for row in period.emotions}

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_models(self, period: trends.Period) -> list[str]:
        """Names of the networks that read its photos."""
        return [model.name for model in period.models]


class ComparisonSerializer(serializers.Serializer[trends.Comparison]):
    """Two periods side by side."""

    first = ComparedPeriodSerializer()
    second = ComparedPeriodSerializer()
    comparable = serializers.BooleanField(
        help_text="Whether one network read both; else a change may be the network's."
    )
