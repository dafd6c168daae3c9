"""Pictures as an answer."""

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpResponseBase

from detector.common import files
from detector.web.requests import OwnerRequest


def picture(request: OwnerRequest, file: FieldFile) -> HttpResponseBase:
    """A stored picture of the owner's; 404 where there is none (yet)."""
    response = files.image_response(request, file)
    if response is None:
        raise Http404
    return response
