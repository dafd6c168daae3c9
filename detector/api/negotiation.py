"""Content negotiation by the `Accept` header."""

from collections.abc import Sequence

from django.http.request import MediaType
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request


class FileRenderer(JSONRenderer):
    """Media type of a file that the view sends itself, so that callers may ask for it."""


class JpegRenderer(FileRenderer):
    """Media type of pictures."""

    media_type = "image/jpeg"
    format = "jpeg"


class CsvRenderer(FileRenderer):
    """Media type of tables."""

    media_type = "text/csv"
    format = "csv"


class ZipRenderer(FileRenderer):
    """Media type of archives."""

    media_type = "application/zip"
    format = "zip"


class TextRenderer(FileRenderer):
    """Media type of labels as text."""

    media_type = "text/vtt"
    format = "vtt"


class SubtitleRenderer(FileRenderer):
    """Media type of SubRip."""

    media_type = "application/x-subrip"
    format = "srt"


class VideoRenderer(FileRenderer):
    """Media type of videos."""

    media_type = "video/*"
    format = "video"


class Negotiation(DefaultContentNegotiation):
    """Negotiation by the quality of the most specific media range (RFC 9110, section 12.5.1).

    Parameters other than `q` are not compared: each media type exists in one form.
    """

    def select_renderer(  # type: ignore[override]
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer with the highest quality, and its media type.

        Raises NotAcceptable if the caller accepts none.
        """
        accepted = accepted_ranges(request)
        best = max(renderers, key=lambda renderer: quality(accepted, renderer.media_type))
        if not quality(accepted, best.media_type):
            raise NotAcceptable(available_renderers=renderers)
        return best, best.media_type


def accepted_ranges(request: Request) -> list[MediaType]:
    """Return the media ranges of `Accept`: `*/*` if it is missing or empty."""
    header = request.headers.get("Accept", "")
    ranges = [MediaType(token) for token in header.split(",") if token.strip()]
    return ranges or [MediaType("*/*")]


def quality(accepted: Sequence[MediaType], media_type: str) -> float:
    """Return the quality of a media type, 0 to 1; 0 means not accepted."""
    main, _, sub = media_type.partition("/")
    covering = [
        range_
        for range_ in accepted
        # Some clients shorten `*/*` to `*`.
        if range_.main_type in (main, "*") and range_.sub_type in (sub, "*", "")
    ]
    closest = max(covering, key=_specificity, default=None)
    return closest.quality if closest else 0


def _specificity(range_: MediaType) -> tuple[bool, bool]:
    return range_.main_type != "*", range_.sub_type not in ("*", "")
