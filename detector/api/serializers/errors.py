"""The envelope of every error."""

from typing import Any

from rest_framework import serializers


class ErrorSerializer(serializers.Serializer[Any]):
    """The content of the error envelope."""

    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.DictField(required=False)


class ErrorEnvelopeSerializer(serializers.Serializer[Any]):
    """Every error looks like this."""

    error = ErrorSerializer()
