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
        """Return the fields as `from` and `to`; `from` is a keyword of Python."""
        fields = super().get_fields()
        return {"from": fields["since"], "to": fields["until"]}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        since, until = attrs.get("from"), attrs.get("to")
        if since and until and since > until:
            raise serializers.ValidationError({"to": ["Must not lie before `from`."]})
        return attrs


class EmotionShareSerializer(serializers.Serializer[totals.EmotionShare]):
    """One emotion among the faces of a period."""

    faces = serializers.IntegerField(help_text="Faces that show it.")
    share = serializers.FloatField(min_value=0, max_value=1, help_text="Share of all faces.")
    mean_confidence = serializers.FloatField(allow_null=True, help_text="Null without a face.")


class EmotionSharesSerializer(serializers.Serializer[Any]):
    """The faces of each emotion."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return one field for each emotion."""
        return by_emotion(lambda name: EmotionShareSerializer())


class SummarySerializer(serializers.Serializer[totals.Summary]):
    """Totals of a period and the distribution of expressions in it."""

    photos = serializers.IntegerField(help_text="Analysed photos.")
    faces = serializers.IntegerField(help_text="Faces in all photos.")
    uncertain = serializers.IntegerField(help_text="Faces whose expression is not certain.")
    corrected = serializers.IntegerField(
        help_text="Faces whose emotion people corrected; the correction is counted."
    )
    waiting = serializers.IntegerField(help_text="Photos whose analysis is not finished.")
    failed = serializers.IntegerField(help_text="Photos whose analysis failed.")
    without_face = serializers.IntegerField(help_text="Photos without a face.")
    first_day = serializers.DateField(allow_null=True, help_text="Day of the first photo.")
    last_day = serializers.DateField(allow_null=True, help_text="Day of the last photo.")
    emotions = serializers.SerializerMethodField(help_text="Keyed by emotion.")

    @extend_schema_field(EmotionSharesSerializer)
    def get_emotions(self, summary: totals.Summary) -> dict[str, Any]:
        """Return the shares, keyed by emotion."""
        return {row.emotion.value: EmotionShareSerializer(row).data for row in summary.emotions}


class TimelineQuerySerializer(PeriodSerializer):
    """The period and the length of each point."""

    BUCKETS = ("day", "week", "month")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields of the period, and `bucket`."""
        return {
            **super().get_fields(),
            "bucket": serializers.ChoiceField(self.BUCKETS, default="day"),
        }


class FaceCountsSerializer(serializers.Serializer[Any]):
    """Number of faces of each emotion."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return one field for each emotion."""
        return by_emotion(
            lambda name: serializers.IntegerField(help_text=f"Faces that show {name}.")
        )


class TimelinePointSerializer(serializers.Serializer[totals.TimelinePoint]):
    """The faces of one day, week or month."""

    start = serializers.DateField(help_text="First day of the point.")
    faces = FaceCountsSerializer()


class TimelineSerializer(serializers.Serializer[Any]):
    """Expressions over time."""

    bucket = serializers.ChoiceField(
        choices=TimelineQuerySerializer.BUCKETS, help_text="Length of each point."
    )
    points = TimelinePointSerializer(many=True)


class YearSerializer(serializers.Serializer[Any]):
    """A year."""

    year = serializers.IntegerField(min_value=1900, max_value=9998, help_text="In your time zone.")


class CalendarDaySerializer(serializers.Serializer[trends.CalendarDay]):
    """A day with faces."""

    day = serializers.DateField(help_text="In your time zone.")
    faces = serializers.IntegerField(help_text="Faces on this day.")
    dominant_emotion = serializers.ChoiceField(
        choices=Emotion.choices, source="dominant", help_text="The most frequent expression."
    )
    dominant_faces = serializers.IntegerField(help_text="Faces that show this expression.")


class CalendarSerializer(serializers.Serializer[Any]):
    """The days of a year; days without a face are left out."""

    year = serializers.IntegerField(help_text="The requested year.")
    days = CalendarDaySerializer(many=True)


class PeriodsSerializer(serializers.Serializer[Any]):
    """Two periods in the caller's time zone, first and last days included."""

    first_from = serializers.DateField(help_text="First day of the first period.")
    first_to = serializers.DateField(help_text="Last day of the first period.")
    second_from = serializers.DateField(help_text="First day of the second period.")
    second_to = serializers.DateField(help_text="Last day of the second period.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        for name in ("first", "second"):
            if attrs[f"{name}_from"] > attrs[f"{name}_to"]:
                raise serializers.ValidationError({f"{name}_to": ["Must not lie before its from."]})
        return attrs


class ComparedPeriodSerializer(serializers.Serializer[trends.Period]):
    """The faces of one period."""

    since = serializers.DateField(help_text="First day.")
    until = serializers.DateField(help_text="Last day.")
    faces = serializers.IntegerField(help_text="Faces in this period.")
    emotions = serializers.SerializerMethodField(help_text="Keyed by emotion.")
    models = serializers.SerializerMethodField(
        help_text="Names of the networks that read its photos."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields, with the days as `from` and `to`."""
        fields = super().get_fields()
        days = {"from": fields.pop("since"), "to": fields.pop("until")}
        for field, source in zip(days.values(), ("since", "until"), strict=True):
            field.source = source
        return {**days, **fields}

    @extend_schema_field(EmotionSharesSerializer)
    def get_emotions(self, period: trends.Period) -> dict[str, Any]:
        """Return the shares, keyed by emotion."""
        return {row.emotion.value: EmotionShareSerializer(row).data for row in period.emotions}

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_models(self, period: trends.Period) -> list[str]:
        """Return the names of the networks that read its photos."""
        return [model.name for model in period.models]


class ComparisonSerializer(serializers.Serializer[trends.Comparison]):
    """Two periods side by side."""

    first = ComparedPeriodSerializer()
    second = ComparedPeriodSerializer()
    comparable = serializers.BooleanField(
        help_text="Whether one network read both; if not, the network may cause a change."
    )
