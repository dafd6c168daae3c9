"""The caller's account, and the networks that answer."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector.api import throttles
from detector.api.serializers.account import MeSerializer, ModelVersionSerializer
from detector.api.serializers.analyses import WaitSerializer
from detector.api.views.base import ApiMixin, caller, list_schema
from detector.enums import Scope
from detector.models import ApiToken, ModelVersion
from detector.photos import selectors as photo_selectors
from detector.registry import selectors as model_selectors

RATES = ("user", "token", "uploads", "detect")
"""Rate limits that the answer tells."""


class MeView(ApiMixin, GenericAPIView[Any]):
    """The caller's account."""

    @extend_schema(
        operation_id="me",
        summary="Your account and its limits",
        responses={200: MeSerializer},
    )
    def get(self, request: Request) -> Response:
        """Return account, scopes, usage and limits."""
        owner = caller(request)
        token = request.auth
        answer = {
            "id": owner.pk,
            "username": owner.username,
            "email": owner.email,
            "time_zone": owner.time_zone,
            "scopes": token.scopes if isinstance(token, ApiToken) else list(Scope),
            "forget_pictures": owner.forget_pictures,
            "usage": photo_selectors.usage(owner),
            "limits": _limits(),
        }
        return Response(MeSerializer(answer).data)


def _limits() -> dict[str, Any]:
    return {
        "photos": settings.QUOTA_PHOTOS,
        "videos": settings.QUOTA_VIDEOS,
        "bytes": settings.QUOTA_BYTES,
        "image_bytes": settings.UPLOAD_MAX_BYTES,
        "image_pixels": settings.UPLOAD_MAX_PIXELS,
        "video_bytes": settings.VIDEO_MAX_BYTES,
        "video_seconds": settings.VIDEO_MAX_DURATION,
        "video_uploads": settings.VIDEO_UPLOADS_AT_ONCE,
        "images_a_call": settings.DATA_UPLOAD_MAX_NUMBER_FILES,
        "request_bytes": settings.REQUEST_MAX_BYTES,
        "wait_seconds": WaitSerializer.MAX_SECONDS,
        "token_days": settings.API_TOKEN_DAYS,
        "rates": {
            scope: throttles.policy(scope) for scope in ("user", "token", "uploads", "detect")
        },
    }


@list_schema("The networks that have answered here, newest first", ModelVersionSerializer)
class ModelViewSet(ApiMixin, ListModelMixin, GenericViewSet[ModelVersion]):
    """Networks with their manifests."""

    serializer_class = ModelVersionSerializer
    filter_backends = ()
    queryset = model_selectors.model_versions()
