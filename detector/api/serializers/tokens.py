"""Keys for programs."""

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

    id = serializers.UUIDField(help_text="How it may be spoken of.")
    name = serializers.CharField(help_text="As you called it.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), help_text="What it may."
    )
    created_at = MomentField(source="created", help_text="When it was made.")
    expires_at = MomentField(source="expiry", allow_null=True, help_text="When it ends.")
    last_used_at = MomentField(allow_null=True, help_text="To the minute.")


class NewTokenSerializer(TokenSerializer):
    """A token at its birth, the only time that its secret is shown."""

    token = serializers.SerializerMethodField(help_text="The secret, shown once.")

    def get_token(self, token: ApiToken) -> str:
        """The secret."""
        return cast(str, self.context["secret"])


class TokenWishSerializer(BodySerializer):
    """What a new token shall be."""

    name = TextField(max_length=100, help_text="For yourself.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices),
        allow_empty=False,
        max_length=len(Scope),
        default=[scope.value for scope in tokens.DEFAULT_SCOPES],
        help_text="What it may: `read`, `write`, `review`.",
    )
    expires_at = MomentField(
        required=False,
        help_text="At most `limits.token_days` of `me/` from now; that, where it is left out.",
    )

    def validate_expires_at(self, moment: datetime) -> datetime:
        """A token that is worthless at birth is a mistake."""
        if moment <= clock.now():
            raise serializers.ValidationError("Must lie in the future.")
        return moment
