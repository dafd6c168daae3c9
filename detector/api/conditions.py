"""Entity tags and conditional requests (RFC 9110, section 13).

A tag is `"<state>"` or `"<state>-<rest>"`. Conditions on changes compare the state only. The rest
covers fields that change by themselves, such as the time of last use, or names the content coding
of a compressed answer.
"""

import hashlib

from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request

CONDITIONS = ("If-Match", "If-None-Match")


class PreconditionFailed(APIException):
    """The object has changed since the caller read it."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition_failed"
    default_detail = "This has changed since you read it: read it again."


def tag_of(content: bytes, state: bytes = b"") -> str:
    """Return the entity tag of an answer; without `state`, all of `content` is the state."""
    parts = [state, content] if state else [content]
    return '"' + "-".join(hashlib.sha256(part).hexdigest()[:32] for part in parts) + '"'


def has_conditions(request: Request) -> bool:
    """Return whether a call has an `If-Match` or an `If-None-Match`."""
    return any(name in request.headers for name in CONDITIONS)


def check(request: Request, tag: str | None) -> None:
    """Raise PreconditionFailed unless the object with this tag meets the conditions of the call.

    `tag` is None for an object that cannot be read. Weak tags never match in `If-Match`. A header
    that is not a list of tags matches nothing.
    """
    if "If-Match" in request.headers:
        known = parse_etags(request.headers["If-Match"])
        if known != ["*"] and (tag is None or _state(tag) not in map(_state, known)):
            raise PreconditionFailed
    if "If-None-Match" in request.headers and tag is not None:
        known = parse_etags(request.headers["If-None-Match"])
        if known == ["*"] or _state(tag) in (_state(one.removeprefix("W/")) for one in known):
            raise PreconditionFailed


def _state(tag: str) -> str:
    return tag.rstrip('"').partition("-")[0]
