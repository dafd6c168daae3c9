"""What is done around every request."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone

from detector.models import User
from detector.web import errors

Handler = Callable[[HttpRequest], HttpResponseBase]


def request_size_limit(get_response: Handler) -> Handler:
    """Refuse a body that says it is too large before any of it is read."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.REQUEST_MAX_BYTES:
            return errors.request_too_large(request)
        return get_response(request)

    return middleware


def compressed_api(get_response: Handler) -> Handler:
    """Send the API's texts gzipped to whoever takes them so.

    Pages are not: what they hold back from attackers could be guessed by its length.
    """
    gzip = GZipMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        kind = response.get("Content-Type", "").partition(";")[0]
        if request.path.startswith("/api/") and kind in ("application/json", "text/csv"):
            return gzip.process_response(request, response)
        return response

    return middleware


def no_shared_copies(get_response: Handler) -> Handler:
    """Keep what a person sees out of caches, unless a view says otherwise."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


def owner_time_zone(get_response: Handler) -> Handler:
    """Show times in the zone of the person who is logged in."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if isinstance(request.user, User):
            timezone.activate(request.user.zone)
        else:
            timezone.deactivate()
        return get_response(request)

    return middleware
