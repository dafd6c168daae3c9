"""What callers say that they accept."""

from collections.abc import Sequence

from django.http.request import MediaType
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request


class FileRenderer(JSONRenderer):
    """Stands for a kind of file that a call sends itself, so that callers may ask for it."""


class JpegRenderer(FileRenderer):
    """A picture."""

    media_type = "image/jpeg"
    format = "jpeg"


class CsvRenderer(FileRenderer):
    """A table."""

    media_type = "text/csv"
    format = "csv"


class ZipRenderer(FileRenderer):
    """An archive."""

    media_type = "application/zip"
    format = "zip"


class Negotiation(DefaultContentNegotiation):
    """By the quality of the most specific range that covers a media type, as RFC 9110 says.

    Parameters other than `q` are not compared: there is one form of each media type.
    """

    def select_renderer(  # type: ignore[override]
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return what the caller likes best, and its media type. Raises NotAcceptable."""
        accepted = accepted_ranges(request)
        liked = max(renderers, key=lambda renderer: quality(accepted, renderer.media_type))
        if not quality(accepted, liked.media_type):
            raise NotAcceptable(available_renderers=renderers)
        return liked, liked.media_type


def accepted_ranges(request: Request) -> list[MediaType]:
    """The media ranges of `Accept`; everything where it is missing or empty."""
    header = request.headers.get("Accept", "")
    ranges = [MediaType(token) for token in header.split(",") if token.strip()]
    return ranges or [MediaType("*/*")]


def quality(accepted: Sequence[MediaType], media_type: str) -> float:
    """How much a media type is liked, 0 to 1: 0 where it is not accepted at all."""
    main, _, sub = media_type.partition("/")
    covering = [
        range_
        for range_ in accepted
        # Some clients shorten `*/*` to `*`.
        if range_.main_type in (main, "*") and range_.sub_type in (sub, "*", "")
    ]
    closest = max(covering, key=_closeness, default=None)
    return closest.quality if closest else 0


def _closeness(range_: MediaType) -> tuple[bool, bool]:
    return range_.main_type != "*", range_.sub_type not in ("*", "")
