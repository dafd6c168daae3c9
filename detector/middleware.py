"""What is done around every request."""

import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_http_compression.middleware import HttpCompressionMiddleware

from detector import dates
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


CODING_OF_TAG = re.compile(r'-(?:zstd|br|gzip)"')


def compressed_api(get_response: Handler) -> Handler:
    """Send the API's texts as zstd, br or gzip to whoever takes them so.

    Pages are not: what they hold back from attackers could be guessed by its length. A compressed
    answer has an entity tag of its own, `"<tag>-gzip"`, which callers can send back like any other.
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
        if kind in ("application/json", "text/csv"):
            # Said of the plain answer, too: a cache must not give it to whoever asks otherwise.
            patch_vary_headers(response, ["Accept-Encoding"])
            compression.maybe_compress(request, response)
        _name_coding(response, sent_back)
        return response

    return middleware


def _name_coding(response: HttpResponseBase, sent_back: str) -> None:
    """Tell codings apart in the entity tag: weak ones, as the library makes, bar `If-Match`."""
    tag = response.get("ETag", "").removeprefix("W/").removesuffix('"')
    if response.has_header("Content-Encoding") and tag:
        response["ETag"] = f'{tag}-{response["Content-Encoding"]}"'
    elif response.status_code == HTTPStatus.NOT_MODIFIED:
        patch_vary_headers(response, ["Accept-Encoding"])
        known = re.search(re.escape(tag) + CODING_OF_TAG.pattern, sent_back)
        if known:
            response["ETag"] = known[0]


def no_shared_copies(get_response: Handler) -> Handler:
    """Keep what a person sees out of caches, unless a view says otherwise."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


# Who has not agreed can still read what for, leave, and take or erase what is theirs. The API has
# its own callers, and programs cannot be asked; the administration is for those who run the site.
FREE_OF_CONSENT = (
    "/consent/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/reauthenticate/",
    "/settings/erase/",
    "/api/",
    "/admin/",
)


def consent_asked(get_response: Handler) -> Handler:
    """Ask whoever is logged in and has not agreed to the text of today."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        path = request.path
        if (
            not isinstance(request.user, User)
            or request.user.has_consented
            or path == "/"
            or path.startswith(FREE_OF_CONSENT)
        ):
            return get_response(request)
        following = request.get_full_path() if request.method == "GET" else ""
        url = f"{reverse('consent')}?{urlencode({'next': following})}"
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": reverse("consent")})
        return HttpResponseRedirect(url)

    return middleware


def owner_dates(get_response: Handler) -> Handler:
    """Show times in the zone, and dates in the language, of the person who is logged in."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if isinstance(request.user, User):
            timezone.activate(request.user.zone)
            dates.activate(request.user.date_language)
        else:
            timezone.deactivate()
            dates.deactivate()
        return get_response(request)

    return middleware
