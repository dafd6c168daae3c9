"""Who calls the API."""

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.authentication import get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from detector.accounts import tokens
from detector.api import failed_logins

PLAUSIBLE = re.compile(r"[0-9A-Za-z_.-]{1,200}")
"""Of what a token can consist; anything else is not looked up."""


class TokenAuthentication(KnoxTokenAuthentication):
    """`Authorization: Bearer <token>`; wrong ones are counted, and soon no longer looked up."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the owner and the token; None where none is sent.

        Raises AuthenticationFailed, or Throttled after too many failures.
        """
        token = _token(request)
        if token is None:
            return None
        failed_logins.check(request, token)
        try:
            if not token:
                raise AuthenticationFailed("Invalid token.")
            owner, found = self.authenticate_credentials(token.encode())
        except AuthenticationFailed:
            failed_logins.count(request, token)
            raise
        if tokens.note_use(found):
            tokens.remember(token)
        return owner, found


def _token(request: Request) -> str | None:
    """Return what stands after `Bearer`, empty where it cannot be a token; None without it."""
    scheme, *rest = get_authorization_header(request).split(None, 1) or [b""]
    if scheme.lower() != b"bearer":
        return None
    token = b"".join(rest).strip().decode("latin-1")
    return token if PLAUSIBLE.fullmatch(token) else ""


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes it."""

    target_class = TokenAuthentication
    name = "token"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> Any:
        """A bearer token."""
        return build_bearer_security_scheme_object("Authorization", "Bearer")
