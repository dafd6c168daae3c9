"""Send stored pictures. The caller has checked that the user may see them."""

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.core.files.base import File
from django.db.models.fields.files import FieldFile
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.cache import get_conditional_response

from detector.common import storage

BLOCK: Final = 64 * 2**10


def image_response(
    request: HttpRequest, file: FieldFile, *, is_own: bool = True
) -> HttpResponseBase | None:
    """Return a response with a stored JPEG; None where the file does not exist (yet).

    Only the browser may cache it, and it must revalidate each time, so that deletion and log-out
    take effect at once. A picture of somebody else (not `is_own`) is kept nowhere. Stored files
    never change, so the name serves as the entity tag. Raises DetectorError `storage_unavailable`.
    """
    if not file:
        return None
    etag = entity_tag(file)
    conditional = get_conditional_response(request, etag=etag)
    try:
        with storage.translate_errors():
            response = conditional or sent(file, "image/jpeg")
    except FileNotFoundError:
        return None
    _revalidated(response, etag)
    if not is_own:
        response["Cache-Control"] = "private, no-store"
    return response


def sent(file: FieldFile, content_type: str) -> HttpResponseBase:
    """Return a response that sends a whole stored file.

    nginx sends it where it has the same disk: it looks for the file, and answers ranges, itself.
    Raises OSError as the storage does, FileNotFoundError where the file is lost.
    """
    content = file.storage.open(str(file.name), "rb")
    if not storage.is_local(file.storage):
        headers = {"Content-Length": str(content.size)}
        return StreamingHttpResponse(_blocks(content), content_type=content_type, headers=headers)
    if not settings.ACCEL_PREFIX:
        return FileResponse(content, content_type=content_type)
    content.close()
    address = settings.ACCEL_PREFIX + quote(str(file.name))
    return HttpResponse(content_type=content_type, headers={"X-Accel-Redirect": address})


def _blocks(content: "File[Any]") -> Iterator[bytes]:
    with content:
        yield from iter(lambda: content.read(BLOCK), b"")


def made_image_response(
    request: HttpRequest, etag: str, make: Callable[[], bytes]
) -> HttpResponseBase:
    """Return a response with a JPEG made on demand; `make` is not called on a cache hit."""
    conditional = get_conditional_response(request, etag=etag)
    response = conditional or HttpResponse(make(), content_type="image/jpeg")
    return _revalidated(response, etag)


def entity_tag(file: FieldFile, *parts: object) -> str:
    """Return the entity tag of a stored file, or of a picture made from it and `parts`."""
    return '"' + "-".join([PurePosixPath(str(file.name)).stem, *map(str, parts)]) + '"'


def _revalidated(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
