"""Statistics of the caller's history."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from detector import totals, trends
from detector.api.serializers.statistics import (
    CalendarSerializer,
    ComparisonSerializer,
    PeriodSerializer,
    PeriodsSerializer,
    SummarySerializer,
    TimelineQuerySerializer,
    TimelineSerializer,
    YearSerializer,
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
        summary = totals.summary(caller(request), days.get("from"), days.get("to"))
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
        points = totals.timeline(caller(request), wish["bucket"], wish.get("from"), wish.get("to"))
        return Response(TimelineSerializer({"bucket": wish["bucket"], "points": points}).data)


class CalendarView(ApiMixin, GenericAPIView[Any]):
    """The days of a year."""

    queries = {"get": YearSerializer}

    @extend_schema(
        summary="The days of a year",
        description="Those without a face are left out.",
        parameters=[YearSerializer],
        responses={200: CalendarSerializer, 400: PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """Faces and the most frequent expression of each day."""
        query = YearSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        year = query.validated_data["year"]
        days = trends.calendar(caller(request), year)
        return Response(CalendarSerializer({"year": year, "days": days}).data)


class CompareView(ApiMixin, GenericAPIView[Any]):
    """Two periods side by side."""

    queries = {"get": PeriodsSerializer}

    @extend_schema(
        summary="Two periods side by side",
        description="Where `comparable` is false, different networks read them.",
        parameters=[PeriodsSerializer],
        responses={200: ComparisonSerializer, 400: PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """The distribution of each."""
        query = PeriodsSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        days = query.validated_data
        comparison = trends.compare(
            caller(request),
            (days["first_from"], days["first_to"]),
            (days["second_from"], days["second_to"]),
        )
        return Response(ComparisonSerializer(comparison).data)
