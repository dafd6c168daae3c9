"""Fields that take what the schema says and nothing that could be made into it."""

from typing import Any

from rest_framework import serializers


class TextField(serializers.CharField):
    """A string; a number is not one."""

    def to_internal_value(self, data: Any) -> str:
        """Refuses what is not text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)
