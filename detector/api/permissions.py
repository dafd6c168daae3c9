"""Permissions: scopes of tokens, and who may review."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from detector.accounts import second_factor
from detector.enums import Scope
from detector.models import ApiToken, User
from detector.reviews import queue as review_queue


class InsufficientScope(PermissionDenied):
    """The token is valid, but lacks a scope that this call needs."""

    default_code = "insufficient_scope"

    def __init__(self, needed: Scope) -> None:
        super().__init__(f"This call needs a token with the scope `{needed.value}`.")
        self.details = {"needed": needed.value}


class HasScope(BasePermission):
    """Permission by the scopes of the token; a browser session may do all that its user may.

    Reading needs `read`, anything else `write`, unless the view sets `needed_scope`. A view names
    a second scope for a method in `also_needed`.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True, or raise InsufficientScope with the scope that is missing."""
        token = request.auth
        if not isinstance(token, ApiToken):
            return True
        for needed in scopes_of_call(view, request.method or ""):
            if needed not in token.scopes:
                raise InsufficientScope(needed)
        return True


class IsReviewer(BasePermission):
    """Permission for staff who may review."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the user may review. The scope of the token is checked before.

        Raises PermissionDenied where a second factor is missing.
        """
        person = request.user
        if not isinstance(person, User) or not review_queue.may_review(person):
            return False
        if second_factor.is_missing(person):
            raise PermissionDenied("Staff of this site need two-step login. Turn it on first.")
        return True


def scopes_of_call(view: Any, method: str) -> list[Scope]:
    """Return the scopes that a token needs for a method of a view."""
    needed = [getattr(view, "needed_scope", None) or scope_of_method(method)]
    also: Mapping[str, Scope] = getattr(view, "also_needed", {})
    return [*needed, also[method]] if method in also else needed


def scope_of_method(method: str) -> Scope:
    """Return the scope that a method needs unless the view sets `needed_scope`."""
    return Scope.READ if method in SAFE_METHODS else Scope.WRITE
