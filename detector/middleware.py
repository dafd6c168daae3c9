"""What is done around every request."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
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

P = ParamSpec("P")
Handler = Callable[[HttpRequest], HttpResponseBase]


# What browsers know to be asked for; clipboard and full screen are left as they are.
NOT_NEEDED = (
    "accelerometer", "autoplay", "bluetooth", "camera", "display-capture", "encrypted-media",
    "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer",
    "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get",
    "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
NOTHING_ALLOWED = ", ".join(f"{name}=()" for name in NOT_NEEDED)
CAMERA_ALLOWED = NOTHING_ALLOWED.replace("camera=()", "camera=(self)")


def permissions_policy(get_response: Handler) -> Handler:
    """Let no page use what it does not need, and only those that say so the camera."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.setdefault("Permissions-Policy", NOTHING_ALLOWED)
        return response

    return middleware


def camera_allowed(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Let the page of a view use the camera."""

    @wraps(view)
    def with_camera(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        response["Permissions-Policy"] = CAMERA_ALLOWED
        return response

    return with_camera


def request_size_limit(get_response: Handler) -> Handler:
    """Refuse a body that says it is too large before any of it is read."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.REQUEST_MAX_BYTES:
            return errors.request_too_large(request)
        return get_response(request)

    return middleware


def compressed_api(get_response: Handler) -> Handler:
    """Send the API's texts as zstd, br or gzip to whoever takes them so.

    Pages are not: what they hold back from attackers could be guessed by its length.
    """
    compression = HttpCompressionMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        kind = response.get("Content-Type", "").partition(";")[0]
        if request.path.startswith("/api/") and kind in ("application/json", "text/csv"):
            # Said of the plain answer, too: a cache must not give it to whoever asks otherwise.
            patch_vary_headers(response, ["Accept-Encoding"])
            compression.maybe_compress(request, response)
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
