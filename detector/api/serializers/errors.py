"""The envelope of every error."""

from typing import Any

from rest_framework import serializers


class ErrorSerializer(serializers.Serializer[Any]):
    """The content of the error envelope."""

    code = serializers.CharField(help_text="For programs: it stays as it is.")
    message = serializers.CharField(help_text="For people: it may change.")
    details = serializers.DictField(
        required=False, help_text="What more there is to say, by the code."
    )
