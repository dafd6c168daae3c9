"""Send stored files in parts, so that a player can jump: `Range` of RFC 9110, section 14."""

import re
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

from detector.common import files, storage
from detector.exceptions import DetectorError

LARGEST_PART: Final = 2 * 2**20
"""Bytes of one answer to a `Range`. A player asks on, and a paused one holds no thread."""
RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
"""Other ranges are ignored. More digits than these name no byte of any file."""


class UnsatisfiableError(DetectorError):
    """A range that begins after the end of the file; `headers` tell its size, as with 416."""

    def __init__(self, size: int) -> None:
        super().__init__(
            "range_not_satisfiable", "The file ends before that.", details={"bytes": size}
        )
        self.headers = {"Content-Range": f"bytes */{size}"}


def file_response(
    request: HttpRequest, file: FieldFile, content_type: str
) -> HttpResponseBase | None:
    """Return a file, or the part of it that is asked for; None where there is no file.

    A caller who has it already gets 304.

    Raises UnsatisfiableError, or DetectorError `storage_unavailable`.
    """
    if not file:
        return None
    etag = files.entity_tag(file)
    asked = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        asked = ""
    try:
        with storage.translate_errors():
            by_nginx = settings.ACCEL_PREFIX and storage.is_local(file.storage)
            is_part = RANGE.fullmatch(asked) and not by_nginx
            response = get_conditional_response(request, etag=etag) or (
                _part(file, asked) if is_part else files.sent(file, content_type)
            )
    except FileNotFoundError:
        return None
    if response.status_code in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        response["Content-Type"] = content_type
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def _part(file: FieldFile, asked: str) -> HttpResponseBase:
    size = file.storage.size(str(file.name))
    start, end = _span(asked, size)
    if start >= size or end < start:
        raise UnsatisfiableError(size)
    end = min(end, start + LARGEST_PART - 1)
    content = storage.read_part(file, start, end + 1)
    response = HttpResponse(content, status=HTTPStatus.PARTIAL_CONTENT)
    response["Content-Range"] = f"bytes {start}-{end}/{size}"
    return response


def _span(asked: str, size: int) -> tuple[int, int]:
    """Return first and last byte of a range; `bytes=-500` are the last 500."""
    match = RANGE.fullmatch(asked)
    first, last = match.groups() if match else ("", "")
    if not first:
        return max(size - int(last or 0), 0), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
