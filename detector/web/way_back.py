"""The page to return to: the one a request came from, or the one above its address."""

from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

WHOLE_PAGE: Final = ("GET", "HEAD")


def asks_for_page(request: HttpRequest) -> bool:
    """Return whether the browser requests a whole page, so that it shows the address."""
    return request.method in WHOLE_PAGE and not request.headers.get("HX-Request")


def page_before(request: HttpRequest) -> str:
    """Return path and query of the page a request came from; empty if it is not of this site."""
    for name in ("HX-Current-URL", "Referer"):
        address = request.headers.get(name, "")
        hosts = {request.get_host()}
        if not url_has_allowed_host_and_scheme(address, hosts, require_https=request.is_secure()):
            continue
        parts = urlsplit(address)
        page = f"{parts.path}?{parts.query}" if parts.query else parts.path
        # A path such as //example.com/ would lead elsewhere without its host.
        if parts.netloc and url_has_allowed_host_and_scheme(page, None):
            return page
    return ""


def page_above(path: str) -> str:
    """Return the nearest address above this one that has a URL name; empty if only `/` has."""
    steps = [step for step in path.split("/") if step]
    while len(steps) > 1:
        steps.pop()
        above = f"/{'/'.join(steps)}/"
        try:
            # The catch-all URL of Django's administration has no name, and no page.
            if resolve(above).url_name:
                return above
        except Resolver404:
            continue
    return ""


def way_back(request: HttpRequest) -> str:
    """Return the page to which a person returns after a detour, such as the log-in."""
    if asks_for_page(request):
        return request.get_full_path()
    return page_before(request) or page_above(request.path) or request.path


def with_query(request: HttpRequest, page: str) -> str:
    """Return the address of a page, with its query if the request comes from this page."""
    before = page_before(request)
    return before if before.partition("?")[0] == page else page
