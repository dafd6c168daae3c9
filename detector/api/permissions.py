"""What a token allows its bearer."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from detector.enums import Scope
from detector.models import ApiToken, User
from detector.reviews import queue as review_queue


class InsufficientScope(PermissionDenied):
    """The token is good, but not for this call."""

    default_code = "insufficient_scope"

    def __init__(self, needed: Scope) -> None:
        super().__init__(f"This call needs a token with the scope `{needed.value}`.")
        self.details = {"needed": needed.value}


class HasScope(BasePermission):
    """A browser's session may do what its person may; a token what its scopes say.

    Reading needs `read`, anything else `write`; a view that differs names its `needed_scope`. Where
    a method needs one more, a view names it in `also_needed`.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises InsufficientScope, which says what is missing."""
        token = request.auth
        if not isinstance(token, ApiToken):
            return True
        for needed in scopes_of_call(view, request.method or ""):
            if needed not in token.scopes:
                raise InsufficientScope(needed)
        return True


class IsReviewer(BasePermission):
    """For staff with the permission to review."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Asked after the scope: a token can lack what its owner may do."""
        return isinstance(request.user, User) and review_queue.may_review(request.user)


def scopes_of_call(view: Any, method: str) -> list[Scope]:
    """The scopes that a token needs for a method of a view."""
    needed = [getattr(view, "needed_scope", None) or scope_of_method(method)]
    also: Mapping[str, Scope] = getattr(view, "also_needed", {})
    return [*needed, also[method]] if method in also else needed


def scope_of_method(method: str) -> Scope:
    """The scope that a call needs unless its view says otherwise."""
    return Scope.READ if method in SAFE_METHODS else Scope.WRITE
