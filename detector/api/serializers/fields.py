"""Fields and bodies that take what the schema says and nothing that could be made into it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from detector.common.calendar import utc_text
from detector.enums import Emotion

AnyField = serializers.Field[Any, Any, Any, Any]


class TextField(serializers.CharField):
    """A string; a number is not one."""

    def to_internal_value(self, data: Any) -> str:
        """Refuses what is not text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class MomentField(serializers.DateTimeField):
    """A moment; it is told in UTC, whoever asks from wherever."""

    def to_representation(self, value: datetime) -> str:
        """As exports and webhooks tell it, too."""
        return utc_text(value)


class BodySerializer(serializers.Serializer[Any]):
    """The body of a call: what is not known is an error, it would have been ignored otherwise."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuses fields of other names."""
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            raise serializers.ValidationError({name: ["Not known here."] for name in unknown})
        return super().to_internal_value(data)


class ChangeSerializer(BodySerializer):
    """Changes; what is left out stays as it is."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A call that changes nothing is a mistake."""
        if not attrs:
            raise serializers.ValidationError(f"Give one of: {', '.join(self.fields)}.")
        return attrs


def by_emotion(make: Callable[[str], AnyField]) -> dict[str, AnyField]:
    """A field for each of the seven, in their order."""
    return {emotion.value: make(emotion.value) for emotion in Emotion}
