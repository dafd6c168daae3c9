"""Strict fields and bodies: they accept what the schema says, and convert nothing else to it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.datastructures import MultiValueDict
from rest_framework import serializers

from detector.common.calendar import utc_text
from detector.enums import Emotion

AnyField = serializers.Field[Any, Any, Any, Any]


class TextField(serializers.CharField):
    """A string. Numbers are not converted."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text; refuse anything else."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class MomentField(serializers.DateTimeField):
    """A point in time, always in UTC. One without a time zone is refused."""

    def enforce_timezone(self, value: datetime) -> datetime:
        """Return the moment in the present time zone; refuse one that may be meant in any."""
        if value.tzinfo is None:
            raise serializers.ValidationError("Give its time zone, as in 2026-05-04T12:00:00Z.")
        return super().enforce_timezone(value)

    def to_representation(self, value: datetime) -> str:
        """Return it in the format that exports and webhooks use, too."""
        return utc_text(value)


class BodySerializer(serializers.Serializer[Any]):
    """The body of a call.

    A field that is unknown, or given twice in a form, is an error; otherwise it would be ignored.
    """

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; refuse unknown and repeated fields."""
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            raise serializers.ValidationError({name: ["Not known here."] for name in unknown})
        twice = self._repeated(data) if isinstance(data, MultiValueDict) else []
        if twice:
            raise serializers.ValidationError({name: ["Given more than once."] for name in twice})
        return super().to_internal_value(data)

    def _repeated(self, form: "MultiValueDict[str, Any]") -> list[str]:
        single = [n for n, f in self.fields.items() if not isinstance(f, serializers.ListField)]
        return [name for name in single if len(form.getlist(name)) > 1]


class ChangeSerializer(BodySerializer):
    """Changes of an object; fields that are left out stay as they are."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a call that changes nothing."""
        if not attrs:
            raise serializers.ValidationError(f"Give one of: {', '.join(self.fields)}.")
        return attrs


def by_emotion(make: Callable[[str], AnyField]) -> dict[str, AnyField]:
    """Return a field for each of the seven emotions, in their order."""
    return {emotion.value: make(emotion.value) for emotion in Emotion}
