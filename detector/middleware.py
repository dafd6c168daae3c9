"""Middleware of every request."""

import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_http_compression.middleware import HttpCompressionMiddleware

from detector.accounts import owned
from detector.common import calendar, trace
from detector.common.outages import outage_in
from detector.exceptions import DetectorError
from detector.models import User
from detector.web import errors, way_back

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponseBase]


def request_ids(get_response: Handler) -> Handler:
    """Give each request an id, for log lines and answers; a well-formed one of the caller stays.

    It holds until the answer is sent, since Django logs errors after all middleware, and streamed
    answers are made later.
    """
    request_finished.connect(trace.forget)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        known = trace.begin_request(request.headers.get(trace.HEADER, ""))
        response = get_response(request)
        response[trace.HEADER] = known
        return response

    return middleware


class Outages:
    """Answer 503 if the storage or the database fails in a view.

    And 404 if a row of a person vanishes that was there when the view began, and 409 to a refusal
    that the view did not expect. Errors outside of views come to `handler500`, which gives the same
    answer to an outage.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Return 503 for an outage, 404 for a row that is gone, that of a refusal, else None."""
        if isinstance(error, ObjectDoesNotExist) and owned.has_vanished(error):
            logger.warning("%s: %s", request.path, error, exc_info=error)
            return errors.not_found(request, error)
        outage = outage_in(error)
        if outage is None:
            return errors.refused(request, error) if isinstance(error, DetectorError) else None
        logger.warning("%s: %s", request.path, outage.code, exc_info=error)
        return errors.unavailable(request, outage)


def request_size_limit(get_response: Handler) -> Handler:
    """Refuse a body whose Content-Length is too large, before any of it is read."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = settings.LARGER_BODIES.get(request.path, settings.REQUEST_MAX_BYTES)
        if length.isdecimal() and int(length) > limit:
            return errors.request_too_large(request, limit)
        return get_response(request)

    return middleware


COMPRESSED = ("application/json", "text/csv", "application/vnd.oai.openapi")
CODING_OF_TAG = re.compile(r'-(?:zstd|br|gzip)"')


def compressed_api(get_response: Handler) -> Handler:
    """Compress JSON, CSV and the schema of the API with zstd, br or gzip, if the caller accepts it.

    A compressed answer has its own entity tag, `"<tag>-gzip"`, which callers can send like any
    other.
    """
    compression = HttpCompressionMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/api/"):
            return get_response(request)
        sent_back = request.headers.get("If-None-Match", "")
        for name in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
            if name in request.META:
                request.META[name] = CODING_OF_TAG.sub('"', request.META[name])
        response = get_response(request)
        kind = response.get("Content-Type", "").partition(";")[0]
        if kind in COMPRESSED:
            # Also for an uncompressed answer: a cache must not give it to other callers.
            patch_vary_headers(response, ["Accept-Encoding"])
            compression.maybe_compress(request, response)
        _name_coding(response, sent_back)
        return response

    return middleware


def compressed_pages(get_response: Handler) -> Handler:
    """Compress HTML with gzip, if the browser accepts it.

    The length of a compressed page could tell its secrets to someone who makes the browser ask for
    it again and again with guesses (BREACH). Django adds a random number of bytes against that, and
    masks its tokens anew in each answer; and other sites' requests come without our cookies.
    """
    compression = GZipMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.get("Content-Type", "").partition(";")[0] == "text/html":
            return compression.process_response(request, response)
        return response

    return middleware


def _name_coding(response: HttpResponseBase, sent_back: str) -> None:
    """Add the content coding to the entity tag.

    The library would make a weak tag instead, which never matches in `If-Match`.
    """
    tag = response.get("ETag", "").removeprefix("W/").removesuffix('"')
    if response.has_header("Content-Encoding") and tag:
        response["ETag"] = f'{tag}-{response["Content-Encoding"]}"'
    elif response.status_code == HTTPStatus.NOT_MODIFIED:
        patch_vary_headers(response, ["Accept-Encoding"])
        known = re.search(re.escape(tag) + CODING_OF_TAG.pattern, sent_back)
        if known:
            response["ETag"] = known[0]


def no_shared_copies(get_response: Handler) -> Handler:
    """Keep responses to logged-in users out of caches, unless the view sets Cache-Control."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


class LoginRequired(LoginRequiredMiddleware):
    """Redirect anonymous users to the log-in page, and from there back to a page.

    After the address of a form, or of a part of a page, this is the page that sent the request.
    """

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        """Redirect to the log-in page."""
        login = resolve_url(self.get_login_url(view_func))
        return redirect_to_login(way_back.way_back(request), login)


def htmx_redirects(get_response: Handler) -> Handler:
    """Let HTMX open the page that a view redirects to.

    Otherwise it would follow the redirect and put the whole page into a part of the present one.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_redirect = 300 <= response.status_code < 400 and response.has_header("Location")
        if is_redirect and request.headers.get("HX-Request"):
            # The same response, since it may carry cookies.
            response["HX-Redirect"] = response["Location"]
            del response["Location"]
            response.status_code = 200
        return response

    return middleware


def addresses_of_forms(get_response: Handler) -> Handler:
    """Redirect people who open the address of a form as if it were a page.

    Such an address accepts POST only. A browser that requests a page is redirected to the page
    above it. Any other request of a person gets a page about 405; the API is not changed.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or errors.is_program(request):
            return response
        page = way_back.page_above(request.path)
        if page and way_back.asks_for_page(request):
            return HttpResponseRedirect(page)
        return errors.method_not_allowed(request, response.get("Allow", ""), page)

    return middleware


# Without consent, people can still read the text, log out, and export or erase their data. Programs
# that call the API cannot be asked; the administration is for staff.
FREE_OF_CONSENT = (
    "/consent/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/reauthenticate/",
    "/settings/erase/",
    "/settings/export/",
    "/api/",
    "/admin/",
)


def consent_asked(get_response: Handler) -> Handler:
    """Redirect logged-in users to the consent page if they have not agreed to the present text."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        path = request.path
        if (
            not isinstance(request.user, User)
            or request.user.has_consented
            or path == "/"
            or path.startswith(FREE_OF_CONSENT)
        ):
            return get_response(request)
        following = urlencode({"next": way_back.way_back(request)})
        return HttpResponseRedirect(f"{reverse('consent')}?{following}")

    return middleware


def owner_dates(get_response: Handler) -> Handler:
    """Activate the time zone and the language of dates of the logged-in user."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if isinstance(request.user, User):
            timezone.activate(request.user.zone)
            calendar.activate(request.user.date_language)
        else:
            timezone.deactivate()
            calendar.deactivate()
        return get_response(request)

    return middleware
