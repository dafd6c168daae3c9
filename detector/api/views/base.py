"""What all views of the API share."""

import hashlib
from typing import Any, cast

from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import OpenApiResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from detector.api.serializers.errors import ErrorEnvelopeSerializer
from detector.models import User

PROBLEM = OpenApiResponse(ErrorEnvelopeSerializer)
NOT_MODIFIED = OpenApiResponse(description="Unchanged since the ETag in `If-None-Match`.")
KEPT_BUT_ASKED_FOR = "private, no-cache"


def caller(request: Request) -> User:
    """The owner in whose name this request is made; permissions have seen to that."""
    return cast(User, request.user)


def unless_known(request: Request, data: Any) -> HttpResponseBase:
    """An answer with an entity tag made of its content; 304 for who has it already."""
    digest = hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32]
    etag = f'"{digest}"'
    response = get_conditional_response(request._request, etag=etag) or Response(data)
    response["ETag"] = etag
    response["Cache-Control"] = KEPT_BUT_ASKED_FOR
    return response
