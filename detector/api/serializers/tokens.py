"""API tokens."""

from datetime import datetime
from typing import cast

from rest_framework import serializers

from detector.accounts import tokens
from detector.api.serializers.fields import BodySerializer, MomentField, TextField
from detector.common import clock
from detector.enums import Scope
from detector.models import ApiToken


class TokenSerializer(serializers.Serializer[ApiToken]):
    """A token, without its secret."""

    id = serializers.UUIDField(help_text="Id of the token; it is not secret.")
    name = serializers.CharField(help_text="Your name for it.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), help_text="What it allows."
    )
    created_at = MomentField(source="created", help_text="When it was made.")
    expires_at = MomentField(source="expiry", allow_null=True, help_text="When it expires.")
    last_used_at = MomentField(allow_null=True, help_text="Last use, to the minute.")


class NewTokenSerializer(TokenSerializer):
    """A new token with its secret, which is shown only here."""

    token = serializers.SerializerMethodField(help_text="The secret, shown once.")

    def get_token(self, token: ApiToken) -> str:
        """Return the secret."""
        return cast(str, self.context["secret"])


class TokenWishSerializer(BodySerializer):
    """A new token."""

    name = TextField(max_length=100, help_text="Your name for it.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices),
        allow_empty=False,
        max_length=len(Scope),
        default=[scope.value for scope in tokens.DEFAULT_SCOPES],
        help_text="What it allows: `read`, `write`, `review`.",
    )
    expires_at = MomentField(
        required=False,
        help_text="At most `limits.token_days` of `me/` from now, which is also the default.",
    )

    def validate_expires_at(self, moment: datetime) -> datetime:
        """Refuse a token that has already expired."""
        if moment <= clock.now():
            raise serializers.ValidationError("Must lie in the future.")
        return moment
