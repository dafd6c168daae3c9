"""Photos and their analyses."""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector.analyses import queueing
from detector.analyses import selectors as analysis_selectors
from detector.analyses.filters import AnalysisFilter
from detector.api.codes import can_fail
from detector.api.parsers import ImageParser, StrictJsonParser
from detector.api.serializers.analyses import (
    AnalysisSerializer,
    AnnotationSerializer,
    UploadQuerySerializer,
    receipt,
)
from detector.api.views.base import caller, checked, may_read
from detector.api.views.pictures import PicturesMixin
from detector.api.views.uploads import UploadMixin
from detector.common import locks
from detector.enums import Emotion, Source, Status
from detector.exceptions import DetectorError
from detector.models import Analysis
from detector.photos import annotations, erasure

NOT_FAILED = DetectorError(
    "not_failed", "Only a failed analysis that no later one replaced can be tried again."
)

FILTER_SCHEMAS: dict[str, tuple[dict[str, Any], str]] = {
    "status": ({"type": "string", "enum": Status.values}, "Where the analysis stands."),
    "source": ({"type": "string", "enum": Source.values}, "How the photo came."),
    "emotion": ({"type": "string", "enum": Emotion.values}, "Emotion of one of the faces."),
    "min_confidence": (
        {"type": "number", "minimum": 0, "maximum": 1},
        "Lowest confidence of one of the faces.",
    ),
    "uncertain": ({"type": "boolean"}, "Whether one of the faces is uncertain."),
    "tag": ({"type": "string", "minLength": 1}, "One of your tags, in its exact spelling."),
    "q": (
        {"type": "string", "minLength": 1},
        "Text in notes, tags and file names; upper and lower case are the same.",
    ),
    "from": (
        {"type": "string", "format": "date"},
        "Taken on this day or later, in your time zone.",
    ),
    "to": (
        {"type": "string", "format": "date"},
        "Taken on this day or earlier, in your time zone.",
    ),
}
FILTERS = [
    OpenApiParameter(name, schema, description=text)
    for name, (schema, text) in FILTER_SCHEMAS.items()
]


@extend_schema_view(
    list=extend_schema(
        summary="The history, newest first",
        description="The current analysis of each photo.",
        parameters=FILTERS,
        responses={200: AnalysisSerializer(many=True)},
    ),
    destroy=extend_schema(
        summary="Delete the photo with all its results",
        responses={204: None},
    ),
)
class AnalysisViewSet(UploadMixin, PicturesMixin, ListModelMixin, GenericViewSet[Analysis]):
    """Photos and their analyses."""

    serializer_class = AnalysisSerializer
    filterset_class = AnalysisFilter
    orderings = {"created_at": "id", "taken_at": "photo__taken_at"}
    queries = {"create": UploadQuerySerializer}
    lookup_value_converter = "uuid"
    queryset = Analysis.objects.none()

    def get_queryset(self) -> Any:
        """Return the caller's own analyses."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return analysis_selectors.analyses_of(caller(self.request))

    def get_parsers(self) -> list[BaseParser]:
        """Return the parsers of files for POST, of JSON for anything else."""
        method = getattr(self.request, "method", "")
        return [MultiPartParser(), ImageParser()] if method == "POST" else [StrictJsonParser()]

    def get_throttles(self) -> list[Any]:
        """Return the throttles: uploads have a limit of their own."""
        self.throttle_scope = "uploads" if self.action == "create" else None
        return super().get_throttles()

    def get_object(self) -> Analysis:
        """Return the caller's own analysis of this id, or raise Http404.

        Earlier analyses of a photo are found, too: an id that a program got stays valid.
        """
        analysis = analysis_selectors.analysis_of(caller(self.request), self.kwargs["pk"])
        if analysis is None:
            raise Http404
        return analysis

    def shown(self, analysis: Analysis) -> dict[str, Any]:
        """Return a changed analysis, without the data that the caller may not read."""
        data: dict[str, Any] = self.get_serializer(analysis).data
        return data if may_read(self.request) else receipt(data, is_upload=False)

    def lock_object(self) -> None:
        """Lock the analysis and its photo, with note and tags."""
        locks.lock_analysis(self.get_object())

    @extend_schema(
        summary="One analysis",
        description="Also one that does not count, or not yet, because the photo was analysed "
        "again: `current` is the id of the one that counts.",
        responses={200: AnalysisSerializer},
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Return the analysis with its faces."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Change note, tags or the emotion that you felt",
        description="Fields that are left out stay as they are.",
        request={"application/json": AnnotationSerializer},
        responses={200: AnalysisSerializer},
        extensions=can_fail("invalid_note", "invalid_tags"),
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change the given fields."""
        photo = self.get_object().photo
        values = checked(AnnotationSerializer(data=request.data))
        if "felt_emotion" in values:
            values["felt_emotion"] = values["felt_emotion"] or ""
        with self.if_unchanged():
            annotations.annotate(photo, **values)
            return Response(self.shown(self.get_object()))

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete the photo, its files and all its analyses."""
        photo = self.get_object().photo
        with self.if_unchanged():
            erasure.delete_photo(photo)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Try a failed analysis again",
        description="Not if a later analysis replaced it.",
        request=None,
        responses={202: AnalysisSerializer},
        extensions=can_fail("not_failed", "picture_forgotten"),
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: UUID) -> Response:
        """Queue the analysis again."""
        analysis = self.get_object()
        with self.if_unchanged():
            if not queueing.retry(analysis):
                raise NOT_FAILED
        return Response(self.shown(self.get_object()), status=status.HTTP_202_ACCEPTED)
