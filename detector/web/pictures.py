"""Responses with pictures."""

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpResponseBase

from detector.common import files
from detector.web.requests import OwnerRequest


def picture(request: OwnerRequest, file: FieldFile, *, is_own: bool = True) -> HttpResponseBase:
    """Return a stored picture, or raise Http404 if there is none (yet)."""
    response = files.image_response(request, file, is_own=is_own)
    if response is None:
        raise Http404
    return response
