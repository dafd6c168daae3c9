"""Responses to errors: a page for people, a notice for HTMX, the JSON envelope for programs."""

import sys
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import requires_csrf_token

from detector.common import trace
from detector.common.outages import outage_in
from detector.exceptions import DetectorError, OutageError, unreadable_form
from detector.web import way_back

BAD_REQUEST = DetectorError("bad_request", "The request could not be understood.")
FORBIDDEN = DetectorError("permission_denied", "You are not allowed to do this.")
CSRF_FAILED = DetectorError("csrf_failed", "This page has been open for too long.")
METHOD_NOT_ALLOWED = DetectorError("method_not_allowed", "This address cannot be used in this way.")
NOT_FOUND = DetectorError("not_found", "There is nothing at this address.")
TOO_LARGE = DetectorError("request_too_large", "The request is too large.")
TOO_MANY = DetectorError("too_many_requests", "That was too often in a short time.")
TOO_MANY_FILES = DetectorError(
    "too_many_files",
    f"More than {settings.DATA_UPLOAD_MAX_NUMBER_FILES} files at once. Send them in parts.",
)
TOO_MANY_FIELDS = DetectorError(
    "too_many_fields",
    f"That is too much at once. Choose fewer than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,}.",
)
OTHER_PERSON = DetectorError(
    "other_person", "Somebody else has logged in since this page was opened. Load the page anew."
)
OPENED_ANEW = "This page had been open for too long and was opened anew. Please do that once more."
OUR_FAULT = DetectorError("internal_error", "Something went wrong on our side.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 400, or 503 if the cause is an outage."""
    outage = outage_in(exception)
    if outage is not None:
        # Django turns a session that could not be saved into a bad request.
        return unavailable(request, outage)
    error = BAD_REQUEST
    if isinstance(exception, TooManyFilesSent):
        error = TOO_MANY_FILES
    elif isinstance(exception, TooManyFieldsSent) and not is_program(request):
        error = TOO_MANY_FIELDS
    elif isinstance(exception, MultiPartParserError):
        error = unreadable_form(str(exception)) or BAD_REQUEST
    return _answer(request, error, HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 403."""
    return _answer(request, FORBIDDEN, HTTPStatus.FORBIDDEN)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer 403 to a form without a valid CSRF token.

    If the session has ended, or the person logged in again in another tab, redirect to a page on
    which the form can be sent again; the browser restores what was typed.
    """
    page = way_back.page_before(request)
    # Any other reason is a request from another host.
    if page and reason.startswith("CSRF ") and not is_program(request):
        if not request.user.is_authenticated and _needs_login(request):
            return redirect_to_login(page)
        if request.user.is_authenticated and not _is_fetch(request):
            messages.warning(request, OPENED_ANEW)
            return redirect(page)
    return _answer(request, CSRF_FAILED, HTTPStatus.FORBIDDEN)


def method_not_allowed(request: HttpRequest, allowed: str, page: str) -> HttpResponseBase:
    """Answer 405, with a link to the page above the address."""
    response = _answer(request, METHOD_NOT_ALLOWED, HTTPStatus.METHOD_NOT_ALLOWED, page=page)
    response["Allow"] = allowed
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 404."""
    return _answer(request, NOT_FOUND, HTTPStatus.NOT_FOUND)


def refused(request: HttpRequest, error: DetectorError) -> HttpResponse:
    """Answer with the sentence of an error.

    409: what the page showed is no longer so. 503: it may be different in a moment.
    """
    if error.permanent:
        return _answer(request, error, HTTPStatus.CONFLICT)
    response = _answer(request, error, HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = str(error.retry_after)
    return response


def request_too_large(request: HttpRequest, limit: int) -> HttpResponseBase:
    """Answer 413. The body is not read, so the server closes the connection."""
    error = DetectorError(TOO_LARGE.code, TOO_LARGE.message, details={"max_bytes": limit})
    return _answer(request, error, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def too_many_requests(request: HttpRequest) -> HttpResponseBase:
    """Answer 429. The rate limits of accounts count by one minute and by five minutes."""
    response = _answer(request, TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = "60"
    return response


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer 500, or 503 during an outage, with a template that cannot fail as well."""
    outage = outage_in(sys.exc_info()[1])
    if outage is not None:
        return unavailable(request, outage)
    if is_program(request):
        return JsonResponse(trace.error_body(OUR_FAULT.as_dict()), status=500)
    if _is_htmx(request):
        return _notice(request, OUR_FAULT, HTTPStatus.INTERNAL_SERVER_ERROR)
    return render(request, "500.html", status=500)


def unavailable(request: HttpRequest, outage: OutageError) -> HttpResponseBase:
    """Answer 503 without any query, not even for the user."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if is_program(request):
        response: HttpResponse = JsonResponse(trace.error_body(outage.as_dict()), status=status)
    elif _is_htmx(request):
        response = _notice(None, outage, status)
    else:
        page = render_to_string("503.html", _context(outage, status))
        response = HttpResponse(page, status=status)
    response["Retry-After"] = str(outage.retry_after)
    return response


def _answer(
    request: HttpRequest, error: DetectorError, status: HTTPStatus, *, page: str = ""
) -> HttpResponse:
    if is_program(request):
        return JsonResponse(trace.error_body(error.as_dict()), status=status)
    if _is_htmx(request):
        return _notice(request, error, status)
    context = {**_context(error, status), "page": page}
    return render(request, "detector/error.html", context, status=status)


def _notice(request: HttpRequest | None, error: DetectorError, status: HTTPStatus) -> HttpResponse:
    """Return a notice that HTMX shows above the page, whatever the target of the request."""
    text = render_to_string("partials/error_notice.html", _context(error, status), request)
    page = HttpResponse(text, status=status)
    page["HX-Retarget"], page["HX-Reswap"] = "#notices", "innerHTML show:window:top"
    return page


def _context(error: DetectorError, status: HTTPStatus) -> dict[str, object]:
    return {"status": status.value, "code": error.code, "message": error.message}


def is_program(request: HttpRequest) -> bool:
    """Return whether the request is for the API."""
    return request.path.startswith("/api/")


def _needs_login(request: HttpRequest) -> bool:
    try:
        return bool(getattr(resolve(request.path).func, "login_required", True))
    except Resolver404:
        return False


def _is_fetch(request: HttpRequest) -> bool:
    """Return whether a script of ours sent this, which shows errors itself."""
    return request.headers.get("X-Requested-With") == "fetch"


def _is_htmx(request: HttpRequest) -> bool:
    """Return whether HTMX sent this. The error may come before the middleware of HTMX."""
    return request.headers.get("HX-Request") == "true"
