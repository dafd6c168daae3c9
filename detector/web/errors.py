"""Errors outside of views: a page for people, the envelope for programs."""

from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render

from detector.exceptions import DetectorError, unreadable_form

BAD_REQUEST = DetectorError("bad_request", "The request could not be understood.")
FORBIDDEN = DetectorError("permission_denied", "You are not allowed to do this.")
NOT_FOUND = DetectorError("not_found", "There is nothing at this address.")
TOO_LARGE = DetectorError("request_too_large", "The request is too large.")
TOO_MANY_FILES = DetectorError(
    "too_many_files",
    f"More than {settings.DATA_UPLOAD_MAX_NUMBER_FILES} files at once. Send them in parts.",
)
OUR_FAULT = DetectorError("internal_error", "Something went wrong on our side.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400."""
    error = BAD_REQUEST
    if isinstance(exception, TooManyFilesSent):
        error = TOO_MANY_FILES
    elif isinstance(exception, MultiPartParserError):
        error = unreadable_form(str(exception)) or BAD_REQUEST
    return _answer(request, error, HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """403."""
    return _answer(request, FORBIDDEN, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404."""
    return _answer(request, NOT_FOUND, HTTPStatus.NOT_FOUND)


def request_too_large(request: HttpRequest) -> HttpResponseBase:
    """413; the rest of the body is not read, so the connection cannot be used again."""
    error = DetectorError(
        TOO_LARGE.code, TOO_LARGE.message, details={"max_bytes": settings.REQUEST_MAX_BYTES}
    )
    response = _answer(request, error, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    response["Connection"] = "close"
    return response


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500; without a template that could fail as well."""
    if _for_program(request):
        return JsonResponse({"error": OUR_FAULT.as_dict()}, status=500)
    return render(request, "500.html", status=500)


def _answer(request: HttpRequest, error: DetectorError, status: HTTPStatus) -> HttpResponse:
    if _for_program(request):
        return JsonResponse({"error": error.as_dict()}, status=status)
    context = {"status": status.value, "message": error.message}
    return render(request, "detector/error.html", context, status=status)


def _for_program(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
