"""Entity tags, and calls that shall be done only to what the caller knows (RFC 9110, 13).

A tag is `"<state>"` or `"<state>-<rest>"`. Changes depend on the state alone: the rest is of what
changes by itself, such as a moment of last use, or names the coding of a compressed answer.
"""

import hashlib

from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request

CONDITIONS = ("If-Match", "If-None-Match")


class PreconditionFailed(APIException):
    """What is there is not what the caller knows."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition_failed"
    default_detail = "This has changed since you read it: read it again."


def tag_of(content: bytes, state: bytes = b"") -> str:
    """The entity tag of an answer, whose `state` is all of it unless that is given."""
    parts = [state, content] if state else [content]
    return '"' + "-".join(hashlib.sha256(part).hexdigest()[:32] for part in parts) + '"'


def asked(request: Request) -> bool:
    """Return whether a call has an `If-Match` or an `If-None-Match`."""
    return any(name in request.headers for name in CONDITIONS)


def check(request: Request, tag: str | None) -> None:
    """Raise PreconditionFailed unless a change may be made to what has this tag.

    None stands for what cannot be read, and so has none. Weak tags never match in `If-Match`; what
    is no list of tags matches nothing.
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
