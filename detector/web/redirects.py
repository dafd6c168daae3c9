"""Redirects that keep method and body: a POST that belongs elsewhere must not become a GET."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.http import escape_leading_slashes


class KeepingRedirect(HttpResponsePermanentRedirect):
    """308, where Django's own 301 makes clients forget what they sent."""

    status_code = HTTPStatus.PERMANENT_REDIRECT


class AppendSlash(CommonMiddleware):
    """Leads from an address without its last slash to the one with it, whatever the method."""

    response_redirect_class = KeepingRedirect

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """Return the whole address; of `//name`, one of ours and not of a host of that name."""
        path = escape_leading_slashes(request.get_full_path(force_append_slash=True))
        return request.build_absolute_uri(path)


class RequireHttps(SecurityMiddleware):
    """Leads from HTTP to HTTPS, whatever the method."""

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:  # type: ignore[override]
        """Return the redirect, or None for a call that came by HTTPS or may come without."""
        redirect: HttpResponseBase | None = super().process_request(request)
        if redirect is not None:
            redirect.status_code = HTTPStatus.PERMANENT_REDIRECT
        return redirect
