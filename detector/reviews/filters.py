"""Filters of the review queue."""

from datetime import UTC, tzinfo
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from detector.common.calendar import end_of_day, start_of_day
from detector.common.spans import SpansForm
from detector.enums import Emotion
from detector.models import ModelVersion, ReviewCase, User

DAY = forms.DateInput(attrs={"type": "date"})


def _confidence(lookup: str, label: str) -> django_filters.NumberFilter:
    """Return the filter by a bound of the model's confidence, 0 to 1."""
    return django_filters.NumberFilter(
        field_name="face__confidence", lookup_expr=lookup, min_value=0, max_value=1, label=label
    )


class SpansOfCasesForm(SpansForm):
    """Refuses dates that are no period, and confidences that exclude each other."""

    spans = (
        ("since", "until", "Must not lie before the first day."),
        ("min_confidence", "max_confidence", "Must not be below the lowest confidence."),
    )


class ReviewFilter(django_filters.FilterSet):
    """Filter the cases to review; days are in the reviewer's time zone."""

    emotion = django_filters.ChoiceFilter(
        field_name="face__emotion",
        choices=Emotion.choices,
        label="The model says",
        empty_label="Any",
    )
    model = django_filters.ModelChoiceFilter(
        field_name="face__analysis__model_version",
        queryset=ModelVersion.objects.all(),
        label="Model",
        empty_label="Any",
    )
    min_confidence = _confidence("gte", "Lowest confidence")
    max_confidence = _confidence("lte", "Highest confidence")
    since = django_filters.DateFilter(method="from_day", label="Uploaded from", widget=DAY)
    until = django_filters.DateFilter(method="until_day", label="Uploaded until", widget=DAY)
    batch = django_filters.UUIDFilter(field_name="face__analysis__photo__batch", label="Upload")

    class Meta:
        model = ReviewCase
        form = SpansOfCasesForm
        fields: list[str] = []

    @property
    def _zone(self) -> tzinfo:
        user = self.request.user if self.request else None
        return user.zone if isinstance(user, User) else UTC

    def from_day(self, queryset: QuerySet[ReviewCase], name: str, day: Any) -> QuerySet[ReviewCase]:
        """Keep photos uploaded on this day or later."""
        moment = start_of_day(day, self._zone)
        return queryset.filter(face__analysis__photo__uploaded_at__gte=moment)

    def until_day(
        self, queryset: QuerySet[ReviewCase], name: str, day: Any
    ) -> QuerySet[ReviewCase]:
        """Keep photos uploaded on this day or earlier."""
        moment = end_of_day(day, self._zone)
        return queryset.filter(face__analysis__photo__uploaded_at__lt=moment)
