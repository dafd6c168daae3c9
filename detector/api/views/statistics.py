"""Statistics of the caller's history."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from detector import selectors
from detector.api.serializers.statistics import (
    PeriodSerializer,
    SummarySerializer,
    TimelineQuerySerializer,
    TimelineSerializer,
)
from detector.api.views.base import PROBLEM, ApiMixin, caller


class SummaryView(ApiMixin, GenericAPIView[Any]):
    """Totals and distribution of the caller's history."""

    queries = {"get": PeriodSerializer}

    @extend_schema(
        summary="Totals and distribution",
        parameters=[PeriodSerializer],
        responses={200: SummarySerializer, 400: PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """Of all photos, or of those taken between two days."""
        period = PeriodSerializer(data=request.query_params)
        period.is_valid(raise_exception=True)
        days = period.validated_data
        summary = selectors.summary(caller(request), days.get("from"), days.get("to"))
        return Response(SummarySerializer(summary).data)


class TimelineView(ApiMixin, GenericAPIView[Any]):
    """Expressions over time."""

    queries = {"get": TimelineQuerySerializer}

    @extend_schema(
        summary="Expressions over time",
        description="Weeks begin on Monday; those without a face are left out.",
        parameters=[TimelineQuerySerializer],
        responses={200: TimelineSerializer, 400: PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """Faces of each expression by day, week or month."""
        query = TimelineQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        wish = query.validated_data
        points = selectors.timeline(
            caller(request), wish["bucket"], wish.get("from"), wish.get("to")
        )
        return Response(TimelineSerializer({"bucket": wish["bucket"], "points": points}).data)
