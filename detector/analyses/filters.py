"""Filters of the history, used by the pages and the API."""

from collections import OrderedDict
from datetime import UTC, date, tzinfo
from typing import Any

import django_filters
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from detector.common import words
from detector.common.calendar import end_of_day, start_of_day
from detector.common.spans import SpansForm
from detector.enums import WITHOUT_RESULT, Emotion, Source, Status, Verdict
from detector.models import Analysis, Face, Photo, PhotoTag, User
from detector.photos import search


class DatesForm(SpansForm):
    """Refuses dates that are no period."""

    spans = (("from", "to", "Must not lie before the first day."),)


class AnalysisFilter(django_filters.FilterSet):
    """Filters of analyses. Conditions on faces must all hold for the same face."""

    status = django_filters.ChoiceFilter(choices=Status.choices, method="in_status")
    source = django_filters.ChoiceFilter(field_name="photo__source", choices=Source.choices)
    emotion = django_filters.ChoiceFilter(choices=Emotion.choices, method="on_faces")
    min_confidence = django_filters.NumberFilter(
        min_value=0, max_value=1, method="on_faces", label="Lowest confidence"
    )
    uncertain = django_filters.TypedChoiceFilter(
        choices=[("true", "Uncertain"), ("false", "Certain")],
        coerce=lambda text: text == "true",
        empty_value=None,
        method="on_faces",
    )
    tag = django_filters.CharFilter(method="tagged")
    q = django_filters.CharFilter(method="in_words", label="Words in notes, tags and file names")
    to = django_filters.DateFilter(method="until_day", label="Until")

    class Meta:
        model = Analysis
        form = DatesForm
        fields: list[str] = []

    @classmethod
    def get_filters(cls) -> OrderedDict[str, django_filters.Filter]:
        """Return the declared filters plus `from`, which is a Python keyword."""
        since = django_filters.DateFilter(field_name="from", method="from_day", label="From")
        return OrderedDict(super().get_filters(), **{"from": since})

    @property
    def _owner(self) -> User | None:
        user = self.request.user if self.request else None
        return user if isinstance(user, User) else None

    @property
    def _zone(self) -> tzinfo:
        return self._owner.zone if self._owner else UTC

    def filter_queryset(self, queryset: QuerySet[Analysis]) -> QuerySet[Analysis]:
        """Apply the plain filters one by one, and those on faces together."""
        queryset = super().filter_queryset(queryset)
        values = self.form.cleaned_data
        conditions = Q()
        if values["emotion"]:
            conditions &= Q(effective_emotion=values["emotion"])
        if values["min_confidence"] is not None:
            conditions &= Q(confidence__gte=float(values["min_confidence"]))
        if values["uncertain"] is not None:
            doubted = Q(uncertain=True, reviewed_emotion__in=["", Verdict.CANNOT_TELL])
            conditions &= doubted if values["uncertain"] else ~doubted
        if not conditions:
            return queryset
        # What people say is no face is counted nowhere, whatever the model said of it.
        faces = Face.objects.exclude(reviewed_emotion=Verdict.NOT_A_FACE)
        return queryset.filter(Exists(faces.filter(conditions, analysis=OuterRef("pk"))))

    def on_faces(self, queryset: QuerySet[Analysis], name: str, value: Any) -> QuerySet[Analysis]:
        """Return the queryset unchanged: `filter_queryset` applies the conditions on faces."""
        return queryset

    def in_status(self, queryset: QuerySet[Analysis], name: str, status: Any) -> QuerySet[Analysis]:
        """Keep analyses with this status.

        SQLite takes the index of those without a result only if the query says that it wants none.
        """
        if status in WITHOUT_RESULT:
            queryset = queryset.exclude(status=Status.DONE)
        return queryset.filter(status=status)

    def tagged(self, queryset: QuerySet[Analysis], name: str, tag: Any) -> QuerySet[Analysis]:
        """Keep photos with exactly this tag; one that nobody has is looked for as composed text."""
        composed = words.composed(tag)
        if composed != tag and not PhotoTag.objects.filter(owner=self._owner, name=tag).exists():
            tag = composed
        return queryset.filter(photo__tags__owner=F("owner"), photo__tags__name=tag)

    def in_words(self, queryset: QuerySet[Analysis], name: str, text: Any) -> QuerySet[Analysis]:
        """Keep photos whose note, tags or file name contain this text, ignoring case."""
        return queryset.filter(search.matching(self._owner, words.composed(text)))

    def from_day(self, queryset: QuerySet[Analysis], name: str, day: Any) -> QuerySet[Analysis]:
        """Keep photos taken on this day or later, in the user's time zone."""
        return queryset.filter(self._taken("photo__taken_at", since=day))

    def until_day(self, queryset: QuerySet[Analysis], name: str, day: Any) -> QuerySet[Analysis]:
        """Keep photos taken on this day or earlier, in the user's time zone."""
        return queryset.filter(self._taken("photo__taken_at", until=day))

    def photos_of_dates(self) -> QuerySet[Photo] | None:
        """Return the owner's photos of the chosen dates; None without dates, or if invalid."""
        values = self.form.cleaned_data if self.is_valid() else {}
        since, until = values.get("from"), values.get("to")
        if self._owner is None or (since is None and until is None):
            return None
        dates = self._taken("taken_at", since=since, until=until)
        return Photo.objects.filter(dates, owner=self._owner)

    def _taken(self, field: str, *, since: date | None = None, until: date | None = None) -> Q:
        taken = Q()
        if since is not None:
            taken &= Q(**{f"{field}__gte": start_of_day(since, self._zone)})
        if until is not None:
            taken &= Q(**{f"{field}__lt": end_of_day(until, self._zone)})
        return taken
