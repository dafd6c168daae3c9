"""The envelope of every error."""

from typing import Any

from rest_framework import serializers

from detector.api.codes import FAILURES, listed


class ErrorSerializer(serializers.Serializer[Any]):
    """The content of the error envelope."""

    code = serializers.CharField(help_text="For programs: it does not change.")
    message = serializers.CharField(help_text="For people: it may change.")
    details = serializers.DictField(
        required=False, help_text="More facts; which ones depends on the code."
    )


class FailureSerializer(serializers.Serializer[Any]):
    """Why an analysis failed."""

    code = serializers.CharField(help_text=f"For programs.\n\n{listed(FAILURES)}")
    message = serializers.CharField(help_text="For people: it may change.")
