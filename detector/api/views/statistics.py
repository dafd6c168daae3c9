"""Statistics of the caller's history."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

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
from detector.api.views.base import ApiMixin, caller
from detector.insights import totals, trends


class SummaryView(ApiMixin, GenericAPIView[Any]):
    """Totals and distribution of the caller's history."""

    queries = {"get": PeriodSerializer}

    @extend_schema(
        summary="Totals and distribution",
        parameters=[PeriodSerializer],
        responses={200: SummarySerializer},
    )
    def get(self, request: Request) -> Response:
        """Of all photos, or of those taken between two days."""
        days = self.asked()
        summary = totals.summary(caller(request), days.get("from"), days.get("to"))
        return Response(SummarySerializer(summary).data)


class TimelineView(ApiMixin, GenericAPIView[Any]):
    """Expressions over time."""

    queries = {"get": TimelineQuerySerializer}

    @extend_schema(
        summary="Expressions over time",
        description="Weeks begin on Monday; those without a face are left out.",
        parameters=[TimelineQuerySerializer],
        responses={200: TimelineSerializer},
    )
    def get(self, request: Request) -> Response:
        """Faces of each expression by day, week or month."""
        wish = self.asked()
        points = totals.timeline(caller(request), wish["bucket"], wish.get("from"), wish.get("to"))
        return Response(TimelineSerializer({"bucket": wish["bucket"], "points": points}).data)


class CalendarView(ApiMixin, GenericAPIView[Any]):
    """The days of a year."""

    queries = {"get": YearSerializer}

    @extend_schema(
        summary="The days of a year",
        description="Those without a face are left out.",
        parameters=[YearSerializer],
        responses={200: CalendarSerializer},
    )
    def get(self, request: Request) -> Response:
        """Faces and the most frequent expression of each day."""
        year = self.asked()["year"]
        days = trends.days_of_year(caller(request), year)
        return Response(CalendarSerializer({"year": year, "days": days}).data)


class CompareView(ApiMixin, GenericAPIView[Any]):
    """Two periods side by side."""

    queries = {"get": PeriodsSerializer}

    @extend_schema(
        summary="Two periods side by side",
        description="Where `comparable` is false, different networks read them.",
        parameters=[PeriodsSerializer],
        responses={200: ComparisonSerializer},
    )
    def get(self, request: Request) -> Response:
        """The distribution of each."""
        days = self.asked()
        comparison = trends.compare(
            caller(request),
            (days["first_from"], days["first_to"]),
            (days["second_from"], days["second_to"]),
        )
        return Response(ComparisonSerializer(comparison).data)
