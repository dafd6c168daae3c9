"""Authentication of API calls by bearer token."""

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
from detector.common import clock
from detector.models import ApiToken

PLAUSIBLE = re.compile(r"[0-9A-Za-z_.-]{1,200}")
"""Format of a token. Anything else is refused without asking the database."""


class TokenAuthentication(KnoxTokenAuthentication):
    """Authentication by `Authorization: Bearer <token>`.

    Wrong tokens are counted; above a limit they are no longer looked up.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the owner and the token, or None if the call sends no token.

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

    def _cleanup_token(self, auth_token: ApiToken) -> bool:
        """Return whether a token has expired.

        knox would ask this host's clock, and delete all tokens of the owner that it calls expired.
        """
        return auth_token.expiry is not None and auth_token.expiry <= clock.now()


def _token(request: Request) -> str | None:
    """Return the text after `Bearer`: empty if it cannot be a token, None without `Bearer`."""
    scheme, *rest = get_authorization_header(request).split(None, 1) or [b""]
    if scheme.lower() != b"bearer":
        return None
    token = b"".join(rest).strip().decode("latin-1")
    return token if PLAUSIBLE.fullmatch(token) else ""


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Description of this authentication in the OpenAPI schema."""

    target_class = TokenAuthentication
    name = "token"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> Any:
        """Return the security scheme of a bearer token."""
        return build_bearer_security_scheme_object("Authorization", "Bearer")
