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
        """Return the totals of all photos, or of those taken between two days."""
        days = self.checked_query()
        summary = totals.summary(caller(request), days.get("from"), days.get("to"))
        return Response(SummarySerializer(summary).data)


class TimelineView(ApiMixin, GenericAPIView[Any]):
    """Expressions over time."""

    queries = {"get": TimelineQuerySerializer}

    @extend_schema(
        summary="Expressions over time",
        description="Weeks begin on Monday; points without a face are left out.",
        parameters=[TimelineQuerySerializer],
        responses={200: TimelineSerializer},
    )
    def get(self, request: Request) -> Response:
        """Return the faces of each expression by day, week or month."""
        wish = self.checked_query()
        points = totals.timeline(caller(request), wish["bucket"], wish.get("from"), wish.get("to"))
        return Response(TimelineSerializer({"bucket": wish["bucket"], "points": points}).data)


class CalendarView(ApiMixin, GenericAPIView[Any]):
    """The days of a year."""

    queries = {"get": YearSerializer}

    @extend_schema(
        summary="The days of a year",
        description="Days without a face are left out.",
        parameters=[YearSerializer],
        responses={200: CalendarSerializer},
    )
    def get(self, request: Request) -> Response:
        """Return the faces and the most frequent expression of each day."""
        year = self.checked_query()["year"]
        days = trends.days_of_year(caller(request), year)
        return Response(CalendarSerializer({"year": year, "days": days}).data)


class CompareView(ApiMixin, GenericAPIView[Any]):
    """Two periods side by side."""

    queries = {"get": PeriodsSerializer}

    @extend_schema(
        summary="Two periods side by side",
        description="If `comparable` is false, different networks read them.",
        parameters=[PeriodsSerializer],
        responses={200: ComparisonSerializer},
    )
    def get(self, request: Request) -> Response:
        """Return the distribution of each period."""
        days = self.checked_query()
        comparison = trends.compare(
            caller(request),
            (days["first_from"], days["first_to"]),
            (days["second_from"], days["second_to"]),
        )
        return Response(ComparisonSerializer(comparison).data)
