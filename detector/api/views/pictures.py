"""The pictures of an analysis, for its owner only."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector.analyses import explanations, renderings
from detector.analyses import selectors as analysis_selectors
from detector.api.codes import NOT_DRAWN, can_fail, listed
from detector.api.negotiation import JpegRenderer
from detector.api.serializers.analyses import WaitingSerializer
from detector.common import clock, files
from detector.enums import Status
from detector.exceptions import DetectorError
from detector.models import Analysis, Explanation, Face
from detector.photos import images

# Generated clients accept only JSON if an answer can be JSON.
PICTURE_RENDERERS = (JpegRenderer, JSONRenderer)
PICTURE = {(200, "image/jpeg"): OpenApiTypes.BINARY}
FAILURE_STANDS = timedelta(minutes=1)
INDEX = OpenApiParameter("index", OpenApiTypes.INT32, "path", description="As in `faces`.")


class PicturesMixin(GenericViewSet[Analysis]):
    """Pictures as JPEG without metadata; 404 until they are there, 410 once they were forgotten."""

    @extend_schema(
        summary="The upright image",
        responses=PICTURE,
        extensions=can_fail("picture_forgotten", "storage_unavailable"),
    )
    @action(detail=True, renderer_classes=PICTURE_RENDERERS)
    def image(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Return the stored image."""
        response = files.image_response(request, self._with_picture().photo.image)
        if response is None:
            raise Http404
        return response

    @extend_schema(
        summary="The image with a box on each face",
        description="Each with its number, expression and confidence; `?` where uncertain.",
        responses=PICTURE,
        extensions=can_fail("busy", "file_missing", "picture_forgotten", "storage_unavailable"),
    )
    @action(detail=True, renderer_classes=PICTURE_RENDERERS)
    def annotated(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Return the image with boxes; 404 until the analysis is done."""
        analysis = self._finished()
        reviewed = [face.reviewed_emotion for face in analysis.faces.all()]
        return files.made_image_response(
            request,
            files.entity_tag(analysis.photo.image, analysis.pk, *reviewed),
            lambda: renderings.annotated(analysis.photo, analysis.faces.all()),
        )

    @extend_schema(
        summary="A square around one face",
        description="At most 512 pixels wide.",
        parameters=[INDEX],
        responses=PICTURE,
        extensions=can_fail("busy", "file_missing", "picture_forgotten", "storage_unavailable"),
    )
    @action(detail=True, url_path="faces/<int:index>/crop", renderer_classes=PICTURE_RENDERERS)
    def crop(self, request: Request, pk: UUID, index: int) -> HttpResponseBase:
        """Return the crop; 404 if there is no such face."""
        analysis = self._finished()
        face = self._face(analysis, index)
        return files.made_image_response(
            request,
            files.entity_tag(analysis.photo.image, analysis.pk, index),
            lambda: renderings.crop(analysis.photo, face),
        )

    @extend_schema(
        summary="Where the network looked in one face",
        description="A heat map, which a worker draws on request: 202 until it is there. "
        f"409 `explanation_failed` with `details.reason` if that failed:\n\n{listed(NOT_DRAWN)}",
        parameters=[INDEX],
        responses={**PICTURE, (202, "application/json"): WaitingSerializer},
        extensions=can_fail("explanation_failed", "picture_forgotten", "storage_unavailable"),
    )
    @action(
        detail=True, url_path="faces/<int:index>/explanation", renderer_classes=PICTURE_RENDERERS
    )
    def explanation(self, request: Request, pk: UUID, index: int) -> HttpResponseBase:
        """Return the heat map; request it if there is none yet."""
        face = self._face(self._finished(), index)
        found = analysis_selectors.explanation_of(face)
        if found is None or _failed_long_ago(found):
            found = explanations.request(face)
        if found.error_code:
            raise DetectorError(
                "explanation_failed", found.error_message, details={"reason": found.error_code}
            )
        picture = files.image_response(request, found.picture)
        if picture is None:
            if found.picture:
                explanations.request(face)
            return Response({"status": "waiting"}, status=202, headers={"Retry-After": "1"})
        return picture

    def _finished(self) -> Analysis:
        analysis = self._with_picture()
        if analysis.status != Status.DONE or not analysis.photo.image:
            raise Http404
        return analysis

    def _with_picture(self) -> Analysis:
        """Return the analysis, or raise DetectorError where its picture was forgotten."""
        analysis: Analysis = self.get_object()
        if analysis.photo.forgotten_at is not None:
            raise images.FORGOTTEN
        return analysis

    @staticmethod
    def _face(analysis: Analysis, index: Any) -> Face:
        for face in analysis.faces.all():
            if face.index == index:
                return face
        raise Http404


def _failed_long_ago(found: Explanation) -> bool:
    """Return whether a failure is old enough for another attempt.

    Until then callers who poll get the failure.
    """
    age = clock.now() - found.requested_at
    return bool(found.error_code) and age > FAILURE_STANDS
