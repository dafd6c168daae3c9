"""How stored pictures are sent; whoever calls has checked whose they are."""

from pathlib import PurePosixPath

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response


def image_response(request: HttpRequest, file: FieldFile) -> HttpResponseBase | None:
    """A stored JPEG for its owner's browser alone; None where there is none (yet).

    The browser keeps it but asks each time whether it may show it: a deleted photo or a log-out
    counts at once. Stored files never change, so the name is the entity tag.
    """
    if not file:
        return None
    etag = f'"{PurePosixPath(str(file.name)).stem}"'
    known = get_conditional_response(request, etag=etag)
    try:
        response = known or FileResponse(file.open("rb"), content_type="image/jpeg")
    except FileNotFoundError:
        return None
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
