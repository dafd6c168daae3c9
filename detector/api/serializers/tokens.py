"""Keys for programs."""

from datetime import datetime
from typing import Any, cast

from django.utils import timezone
from rest_framework import serializers

from detector.api.serializers.fields import TextField
from detector.enums import Scope
from detector.models import ApiToken
from detector.services import tokens


class TokenSerializer(serializers.Serializer[ApiToken]):
    """A token, without its secret."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    created_at = serializers.DateTimeField(source="created")
    expires_at = serializers.DateTimeField(source="expiry", allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")


class NewTokenSerializer(TokenSerializer):
    """A token at its birth, the only time that its secret is shown."""

    token = serializers.SerializerMethodField(help_text="The secret, shown once.")

    def get_token(self, token: ApiToken) -> str:
        """The secret."""
        return cast(str, self.context["secret"])


class TokenWishSerializer(serializers.Serializer[Any]):
    """What a new token shall be."""

    name = TextField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices),
        allow_empty=False,
        max_length=len(Scope),
        default=[scope.value for scope in tokens.DEFAULT_SCOPES],
    )
    expires_at = serializers.DateTimeField(
        required=False, help_text="The installation's longest life, where it is left out or later."
    )

    def validate_expires_at(self, moment: datetime) -> datetime:
        """A token that is worthless at birth is a mistake."""
        if moment <= timezone.now():
            raise serializers.ValidationError("Must lie in the future.")
        return moment
