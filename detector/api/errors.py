"""The envelope of every error: `{"error": {"code", "message", "details", "request_id"}}`."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, TooManyFilesSent
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.views import exception_handler

from detector.accounts import owned
from detector.api.codes import PROBLEMS
from detector.common import ranges, trace
from detector.common.outages import outage_in
from detector.exceptions import DetectorError, unreadable_form

logger = logging.getLogger(__name__)


def status_of(error: DetectorError) -> HTTPStatus:
    """Return the HTTP status of an error of the platform."""
    known = PROBLEMS.get(error.code)
    return known.status if known else HTTPStatus.BAD_REQUEST


def body(code: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the envelope as plain data."""
    return trace.error_body({"code": code, "message": message, "details": details or {}})


def envelope(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Turn an exception of a view into a response; None for an unexpected one."""
    outage = outage_in(error)
    if outage is not None and error is not outage:
        logger.warning("%s: %s", context["request"].path, outage.code, exc_info=error)
        error = outage
    if isinstance(error, ObjectDoesNotExist) and owned.has_vanished(error):
        # It was there when the call began: somebody else has deleted it meanwhile.
        logger.warning("%s: %s", context["request"].path, error, exc_info=error)
        error = Http404()
    if isinstance(error, DetectorError):
        headers = {} if error.permanent else {"Retry-After": str(error.retry_after)}
        if isinstance(error, ranges.UnsatisfiableError):
            headers = error.headers
        return _json(trace.error_body(error.as_dict()), status_of(error), headers)
    if isinstance(error, TooManyFilesSent):
        limit = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        text = f"More than {limit} files in one request."
        answer = body("too_many_files", text, {"max_files": limit})
        return _json(answer, HTTPStatus.BAD_REQUEST)
    response = exception_handler(error, context)
    if response is None:
        return None
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    return _json(body(*_describe(error)), HTTPStatus(response.status_code), headers)


def answer_to(error: exceptions.APIException) -> HttpResponse:
    """Return the response to an error that no view raised."""
    return _json(body(*_describe(error)), HTTPStatus(error.status_code))


def _json(
    data: dict[str, Any], status: HTTPStatus, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return a JSON response, whichever media type the call accepts."""
    content = JSONRenderer().render(data)
    return HttpResponse(content, "application/json", status, headers=headers)


def _describe(error: Exception) -> tuple[str, str, dict[str, Any]]:
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        return "invalid", "Some values are not valid.", {"fields": _fields(error.detail)}
    if isinstance(error, exceptions.Throttled):
        wait = getattr(error, "wait", None)
        return "throttled", str(error.detail), {"retry_after": wait}
    if isinstance(error, exceptions.ParseError) and (found := unreadable_form(str(error.detail))):
        return found.code, found.message, {}
    if isinstance(error, exceptions.APIException):
        return _code(error), str(error.detail), getattr(error, "details", {})
    raise TypeError("not an error of the API") from error


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else error.default_code


def _fields(detail: Any) -> Any:
    """Return messages by field; those that concern no single field are under `request`."""
    return detail if isinstance(detail, dict) else {"request": detail}
