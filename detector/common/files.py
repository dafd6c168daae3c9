"""How stored pictures are sent; whoever calls has checked whose they are."""

from collections.abc import Callable
from pathlib import PurePosixPath

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

from detector.common import storage


def image_response(request: HttpRequest, file: FieldFile) -> HttpResponseBase | None:
    """A stored JPEG for its owner's browser alone; None where there is none (yet).

    The browser keeps it but asks each time whether it may show it: a deleted photo or a log-out
    counts at once. Stored files never change, so the name is the entity tag. Raises DetectorError
    `storage_unavailable`.
    """
    if not file:
        return None
    etag = entity_tag(file)
    known = get_conditional_response(request, etag=etag)
    try:
        with storage.reached():
            response = known or FileResponse(file.open("rb"), content_type="image/jpeg")
    except FileNotFoundError:
        return None
    return _kept_but_asked_for(response, etag)


def made_image_response(
    request: HttpRequest, etag: str, make: Callable[[], bytes]
) -> HttpResponseBase:
    """A JPEG that is made on demand; it is not made for who has it already."""
    known = get_conditional_response(request, etag=etag)
    response = known or HttpResponse(make(), content_type="image/jpeg")
    return _kept_but_asked_for(response, etag)


def entity_tag(file: FieldFile, *parts: object) -> str:
    """Of what a stored file shows, or of what is made of it and of these parts."""
    return '"' + "-".join([PurePosixPath(str(file.name)).stem, *map(str, parts)]) + '"'


def _kept_but_asked_for(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
