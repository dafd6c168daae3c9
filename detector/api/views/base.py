"""What all views of the API share."""

from typing import cast

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request

from detector.api.serializers.errors import ErrorEnvelopeSerializer
from detector.models import User

PROBLEM = OpenApiResponse(ErrorEnvelopeSerializer)


def caller(request: Request) -> User:
    """The owner in whose name this request is made; permissions have seen to that."""
    return cast(User, request.user)
