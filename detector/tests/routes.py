"""The addresses of the site, so that tables in tests can be held against them."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def routes() -> Iterator[tuple[str, Any]]:
    """Yield each address as `path` writes it, with its view."""
    return _below(get_resolver().url_patterns)


def _below(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _below(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback
