"""Redirects that keep method and body: a redirected POST must not become a GET."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.http import escape_leading_slashes


class KeepingRedirect(HttpResponsePermanentRedirect):
    """A redirect with 308; with Django's 301, clients drop the method and the body."""

    status_code = HTTPStatus.PERMANENT_REDIRECT


class AppendSlash(CommonMiddleware):
    """Redirects an address without a trailing slash to the one with it, for every method."""

    response_redirect_class = KeepingRedirect

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """Return the absolute URL; `//name` becomes a path of this site, not a host."""
        path = escape_leading_slashes(request.get_full_path(force_append_slash=True))
        return request.build_absolute_uri(path)


class RequireHttps(SecurityMiddleware):
    """Redirects from HTTP to HTTPS, for every method."""

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:  # type: ignore[override]
        """Return the redirect, or None for a request that needs none."""
        redirect: HttpResponseBase | None = super().process_request(request)
        if redirect is not None:
            redirect.status_code = HTTPStatus.PERMANENT_REDIRECT
        return redirect
