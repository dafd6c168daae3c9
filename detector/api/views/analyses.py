"""Photos and what was found in them."""

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
    WaitSerializer,
    receipt,
)
from detector.api.views.base import caller, may_read
from detector.api.views.pictures import PicturesMixin
from detector.api.views.uploads import UploadMixin
from detector.common import locks
from detector.enums import Emotion, Source, Status
from detector.exceptions import DetectorError
from detector.models import Analysis
from detector.photos import annotations, erasure

NOT_FAILED = DetectorError(
    "not_failed", "Only a failed analysis that no later one took the place of can be tried again."
)

FILTER_SCHEMAS: dict[str, tuple[dict[str, Any], str]] = {
    "status": ({"type": "string", "enum": Status.values}, "Where the analysis stands."),
    "source": ({"type": "string", "enum": Source.values}, "How the photo came."),
    "emotion": ({"type": "string", "enum": Emotion.values}, "Of one of the faces."),
    "min_confidence": (
        {"type": "number", "minimum": 0, "maximum": 1},
        "At least this, in one of the faces.",
    ),
    "uncertain": ({"type": "boolean"}, "Whether one of the faces is uncertain."),
    "tag": ({"type": "string", "minLength": 1}, "One of your tags, as it is spelled."),
    "q": (
        {"type": "string", "minLength": 1},
        "Text in notes, tags and file names, in any capitals.",
    ),
    "from": ({"type": "string", "format": "date"}, "Taken on this day of yours or later."),
    "to": ({"type": "string", "format": "date"}, "Taken on this day of yours or earlier."),
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
        summary="Delete the photo with all that is known of it",
        responses={204: None},
    ),
)
class AnalysisViewSet(UploadMixin, PicturesMixin, ListModelMixin, GenericViewSet[Analysis]):
    """Photos and what was found in them."""

    serializer_class = AnalysisSerializer
    filterset_class = AnalysisFilter
    orderings = {"created_at": "id", "taken_at": "photo__taken_at"}
    queries = {"create": WaitSerializer}
    lookup_value_converter = "uuid"
    queryset = Analysis.objects.none()

    def get_queryset(self) -> Any:
        """The caller's own."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return analysis_selectors.analyses_of(caller(self.request))

    def get_parsers(self) -> list[BaseParser]:
        """Files are posted; all else is JSON."""
        method = getattr(self.request, "method", "")
        return [MultiPartParser(), ImageParser()] if method == "POST" else [StrictJsonParser()]

    def get_throttles(self) -> list[Any]:
        """Uploads cost more than reads."""
        self.throttle_scope = "uploads" if self.action == "create" else None
        return super().get_throttles()

    def get_object(self) -> Analysis:
        """The caller's own analysis of this id, or 404.

        Not only current ones: an id that a program was told once leads to the photo for ever.
        """
        analysis = analysis_selectors.analysis_of(caller(self.request), self.kwargs["pk"])
        if analysis is None:
            raise Http404
        return analysis

    def shown(self, analysis: Analysis) -> dict[str, Any]:
        """An analysis after it was changed, as far as the caller may know it."""
        data: dict[str, Any] = self.get_serializer(analysis).data
        return data if may_read(self.request) else receipt(data, is_upload=False)

    def hold(self) -> None:
        """With what is written on its photo."""
        locks.lock_analysis(self.get_object())

    @extend_schema(
        summary="One analysis",
        description="Also one that does not count, or not yet, as the photo was analysed again: "
        "`current` is the id of the one that counts.",
        responses={200: AnalysisSerializer},
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """The analysis with its faces."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Change note, tags or the emotion that you felt",
        request={"application/json": AnnotationSerializer},
        responses={200: AnalysisSerializer},
        extensions=can_fail("invalid_note", "invalid_tags"),
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """What is left out stays as it is."""
        photo = self.get_object().photo
        changes = AnnotationSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        values = changes.validated_data
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
        description="But not one that a later took the place of.",
        request=None,
        responses={202: AnalysisSerializer},
        extensions=can_fail("not_failed"),
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: UUID) -> Response:
        """Queue it anew."""
        analysis = self.get_object()
        with self.if_unchanged():
            if not queueing.retry(analysis):
                raise NOT_FAILED
        return Response(self.shown(self.get_object()), status=status.HTTP_202_ACCEPTED)
