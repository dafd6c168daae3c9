"""Statistics of a history."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.api.serializers.fields import by_emotion
from detector.enums import Emotion
from detector.insights import totals, trends


class PeriodSerializer(serializers.Serializer[Any]):
    """Days in the caller's time zone, both included."""

    since = serializers.DateField(required=False, help_text="First day.")
    until = serializers.DateField(required=False, help_text="Last day.")

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

    faces = serializers.IntegerField(help_text="That show it.")
    share = serializers.FloatField(min_value=0, max_value=1, help_text="Of all faces.")
    mean_confidence = serializers.FloatField(allow_null=True, help_text="Null without a face.")


class EmotionSharesSerializer(serializers.Serializer[Any]):
    """All seven."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """One an emotion."""
        return by_emotion(lambda name: EmotionShareSerializer())


class SummarySerializer(serializers.Serializer[totals.Summary]):
    """Totals of a period and the distribution of expressions in it."""

    photos = serializers.IntegerField(help_text="That were read.")
    faces = serializers.IntegerField(help_text="In all of them.")
    uncertain = serializers.IntegerField(help_text="Faces whose expression is not certain.")
    corrected = serializers.IntegerField(
        help_text="Faces that count as people named them, against the model."
    )
    waiting = serializers.IntegerField(help_text="Photos that are still to be read.")
    failed = serializers.IntegerField(help_text="Photos that could not be read.")
    without_face = serializers.IntegerField(help_text="Photos without a face.")
    first_day = serializers.DateField(allow_null=True, help_text="Of the first photo.")
    last_day = serializers.DateField(allow_null=True, help_text="Of the last photo.")
    emotions = serializers.SerializerMethodField(help_text="Keyed by emotion.")

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

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """One an emotion."""
        return by_emotion(lambda name: serializers.IntegerField(help_text=f"That show {name}."))


class TimelinePointSerializer(serializers.Serializer[totals.TimelinePoint]):
    """The faces of one day, week or month."""

    start = serializers.DateField(help_text="Its first day.")
    faces = FaceCountsSerializer()


class TimelineSerializer(serializers.Serializer[Any]):
    """Expressions over time."""

    bucket = serializers.ChoiceField(
        choices=TimelineQuerySerializer.BUCKETS, help_text="What a point stands for."
    )
    points = TimelinePointSerializer(many=True)


class YearSerializer(serializers.Serializer[Any]):
    """Which year."""

    year = serializers.IntegerField(min_value=1900, max_value=9998, help_text="Of your time zone.")


class CalendarDaySerializer(serializers.Serializer[trends.CalendarDay]):
    """A day with faces."""

    day = serializers.DateField(help_text="Of your time zone.")
    faces = serializers.IntegerField(help_text="On this day.")
    dominant_emotion = serializers.ChoiceField(
        choices=Emotion.choices, source="dominant", help_text="The most frequent expression."
    )
    dominant_faces = serializers.IntegerField(help_text="That show it.")


class CalendarSerializer(serializers.Serializer[Any]):
    """The days of a year; those without a face are left out."""

    year = serializers.IntegerField(help_text="As asked for.")
    days = CalendarDaySerializer(many=True)


class PeriodsSerializer(serializers.Serializer[Any]):
    """Two periods in the caller's time zone, first and last days included."""

    first_from = serializers.DateField(help_text="First day of the first period.")
    first_to = serializers.DateField(help_text="Last day of the first period.")
    second_from = serializers.DateField(help_text="First day of the second period.")
    second_to = serializers.DateField(help_text="Last day of the second period.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """No period ends before it begins."""
        for name in ("first", "second"):
            if attrs[f"{name}_from"] > attrs[f"{name}_to"]:
                raise serializers.ValidationError({f"{name}_to": ["Must not lie before its from."]})
        return attrs


class ComparedPeriodSerializer(serializers.Serializer[trends.Period]):
    """The faces of one period."""

    since = serializers.DateField(help_text="First day.")
    until = serializers.DateField(help_text="Last day.")
    faces = serializers.IntegerField(help_text="In this period.")
    emotions = serializers.SerializerMethodField(help_text="Keyed by emotion.")
    models = serializers.SerializerMethodField(
        help_text="Names of the networks that read its photos."
    )

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
