"""API tokens."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector.accounts import selectors as account_selectors
from detector.accounts import tokens
from detector.api.codes import can_fail
from detector.api.serializers.tokens import (
    NewTokenSerializer,
    TokenSerializer,
    TokenWishSerializer,
)
from detector.api.views.base import ApiMixin, caller, checked, created, list_schema
from detector.common import locks
from detector.enums import Scope
from detector.exceptions import DetectorError
from detector.models import ApiToken


@list_schema(
    "Your tokens, newest first",
    TokenSerializer,
    destroy=extend_schema(summary="Revoke a token", responses={204: None}),
)
class TokenViewSet(ApiMixin, ListModelMixin, GenericViewSet[ApiToken]):
    """API tokens."""

    serializer_class = TokenSerializer
    filter_backends = ()
    lookup_field = "id"
    lookup_value_converter = "uuid"
    queryset = ApiToken.objects.none()
    # The call that revokes the token changes it.
    volatile_fields = ("last_used_at",)

    def get_queryset(self) -> Any:
        """Return the caller's own tokens."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return account_selectors.tokens_of(caller(self.request))

    def lock_object(self) -> None:
        """Lock the token."""
        locks.lock_token(self._token(self.kwargs["id"]))

    @extend_schema(
        summary="Make a token",
        description="The secret is shown only in this answer. A token cannot give scopes that it "
        "does not hold.",
        request=TokenWishSerializer,
        responses={201: NewTokenSerializer},
        extensions=can_fail("scope_not_held", "too_many_tokens"),
    )
    def create(self, request: Request) -> Response:
        """Make a token and return it with its secret."""
        wish = checked(TokenWishSerializer(data=request.data))
        scopes = [Scope(name) for name in wish["scopes"]]
        _refuse_more_than_held(request, scopes)
        token, secret = tokens.create_token(
            caller(request),
            name=wish["name"],
            scopes=scopes,
            expires_at=wish.get("expires_at"),
        )
        answer = NewTokenSerializer(token, context={"secret": secret})
        return created(request, answer.data, reverse("api:v1:token-detail", args=[token.id]))

    @extend_schema(summary="One token", responses={200: TokenSerializer})
    def retrieve(self, request: Request, id: UUID) -> Response:
        """Return the token, without its secret."""
        return Response(TokenSerializer(self._token(id)).data)

    def destroy(self, request: Request, id: UUID) -> Response:
        """Revoke the token at once."""
        token = self._token(id)
        with self.if_unchanged():
            tokens.revoke_token(token)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _token(self, token_id: UUID) -> ApiToken:
        token: ApiToken = get_object_or_404(self.get_queryset(), id=token_id)
        return token


def _refuse_more_than_held(request: Request, scopes: list[Scope]) -> None:
    if isinstance(request.auth, ApiToken):
        missing = [scope.value for scope in scopes if scope not in request.auth.scopes]
        if missing:
            raise DetectorError(
                "scope_not_held",
                "A token cannot give a scope that it does not hold.",
                details={"scopes": missing},
            )
